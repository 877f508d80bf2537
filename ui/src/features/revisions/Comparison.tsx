// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Select } from 'antd';
import { lazy, Suspense, useEffect, useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';

import type { Diff, Revision } from '@/api/schema.gen';
import { Panel } from '@/app/Page';
import { ChangeList } from '@/components/ChangeList';
import { Loaded, Loading } from '@/components/Loading';

import styles from './Comparison.module.css';
import { useDiff } from './queries';
import { sideOf, type SideName } from './sides';

const YamlDiff = lazy(() => import('./YamlDiff'));

interface Props {
  ns: string;
  app: string;
  revisions: Revision[];
  from: SideName;
  to: SideName;
  onChange: (from: SideName, to: SideName) => void;
}

/** What differs between two sides: first as a person would say it, then line by line. */
export function Comparison({ ns, app, revisions, from, to, onChange }: Props) {
  const { t } = useTranslation('revisions');
  const diff = useDiff(ns, app, sideOf(from), sideOf(to));
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => frame.current?.focus(), [from, to]);
  return (
    <div ref={frame} tabIndex={-1} className={styles.frame}>
      <Panel title={t('compare')}>
        <div className={styles.sides}>
          <Side label={t('from')} value={from} revisions={revisions} onChange={(v) => onChange(v, to)} />
          <Side label={t('to')} value={to} revisions={revisions} onChange={(v) => onChange(from, v)} />
        </div>
        <Loaded query={diff}>{(d) => <Differences diff={d} />}</Loaded>
      </Panel>
    </div>
  );
}

function Side({ label, value, revisions, onChange }: { label: string; value: SideName; revisions: Revision[]; onChange: (v: SideName) => void }) {
  const { t } = useTranslation('revisions');
  const id = useId();
  const options = [
    { value: 'deployed', label: t('deployed') },
    { value: 'stored', label: t('stored') },
    ...revisions.map((r) => ({ value: r.name, label: r.publishVersion ? `${r.publishVersion} (${r.name})` : r.name })),
  ];
  return (
    <div className={styles.side}>
      <label htmlFor={id}>{label}</label>
      <Select id={id} value={value} options={options} onChange={onChange} popupMatchSelectWidth={false} className={styles.select} />
    </div>
  );
}

function Differences({ diff }: { diff: Diff }) {
  const { t } = useTranslation('revisions');
  if (diff.equal) return <p>{t('equal')}</p>;
  return (
    <>
      <ChangeList changes={diff.changes} />
      <Suspense fallback={<Loading />}>
        <YamlDiff left={diff.left} right={diff.right} />
      </Suspense>
    </>
  );
}
