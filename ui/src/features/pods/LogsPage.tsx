// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Input, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';

import { Page } from '@/app/Page';
import { useAppParams } from '@/app/useAppParams';

import styles from './LogsPage.module.css';
import { LogView } from './LogView';
import { usePods } from './queries';

const names = ['rev', 'pod', 'container', 'q'] as const;

/** The logs of all pods of an application as one; the filters live in the address. */
export function Component() {
  const { t } = useTranslation('pods');
  const { ns, app } = useAppParams();
  const [search, setSearch] = useSearchParams();
  const pods = usePods(ns, app).data?.items ?? [];
  const [rev, pod, container, q] = names.map((n) => search.get(n) ?? '') as [string, string, string, string];
  const [words, setWords] = useState(q);
  const set = (name: (typeof names)[number], value: string) => {
    const next = new URLSearchParams(search);
    if (value) next.set(name, value);
    else next.delete(name);
    setSearch(next, { replace: true, preventScrollReset: true });
  };
  const any = { value: '', label: t('logs.any') };
  const optionsOf = (values: (string | undefined)[], chosen: string) =>
    [any, ...[...new Set([...values, chosen])].filter((v): v is string => Boolean(v)).map((v) => ({ value: v, label: v }))];
  return (
    <Page title={t('logs.title')} windowTitle={`${t('logs.title')} · ${app}`}>
      <div role="search" aria-label={t('logs.filter')} className={styles.filters}>
        <Choice label={t('revision')} value={rev} onChange={(v) => set('rev', v)} options={optionsOf(pods.map((p) => p.revision), rev)} />
        <Choice label={t('pod')} value={pod} onChange={(v) => set('pod', v)} options={optionsOf(pods.map((p) => p.name), pod)} />
        <Choice
          label={t('container')}
          value={container}
          onChange={(v) => set('container', v)}
          options={optionsOf(pods.flatMap((p) => p.containers.map((c) => c.name)), container)}
        />
        <Input.Search
          allowClear
          aria-label={t('logs.search')}
          placeholder={t('logs.search')}
          className={styles.search}
          value={words}
          onChange={(e) => setWords(e.target.value)}
          onSearch={(value) => set('q', value.trim())}
        />
      </div>
      <LogView key={search.toString()} ns={ns} app={app} filter={{ revision: rev, pod, container, q }} />
    </Page>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  options: { value: string; label: string }[];
}

function Choice({ label, value, onChange, options }: ChoiceProps) {
  return (
    <label className={styles.choice}>
      <span>{label}</span>
      <Select aria-label={label} value={value} onChange={onChange} options={options} className={styles.select} popupMatchSelectWidth={false} />
    </label>
  );
}
