// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { PlusOutlined } from '@ant-design/icons';
import { Input } from 'antd';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Outlet, useSearchParams } from 'react-router';

import type { AppSummary, StatusWord as Word } from '@/api/schema.gen';
import { Page } from '@/app/Page';
import { paths } from '@/app/paths';
import { useNow } from '@/app/useNow';
import { appLink, AppSplit, AppStatus, tagOf } from '@/components/AppRows';
import { DataTable, type Column } from '@/components/DataTable';
import { LinkButton } from '@/components/LinkButton';
import { Loaded } from '@/components/Loading';
import { PlainSelect } from '@/components/PlainSelect';
import { Undeployed } from '@/components/Undeployed';
import { useFormat } from '@/i18n/format';

import styles from './AppsPage.module.css';
import { matching, readFilters, writeFilters, type Filters } from './filters';
import { useApps, useEnvironments } from './queries';

const words: Word[] = ['NotDeployed', 'Stable', 'RollingOut', 'Waiting', 'Paused', 'RollingBack', 'RolledBack', 'Terminated', 'Failed', 'Unhealthy', 'Deleting', 'Unknown'];

/** All applications that the person may see; the filters live in the address. */
export function Component() {
  const { t } = useTranslation('apps');
  const [search, setSearch] = useSearchParams();
  const filters = readFilters(search);
  const change = (change: Partial<Filters>) => setSearch(writeFilters({ ...filters, ...change }), { replace: true });
  const apps = useApps(filters.ns || undefined);
  return (
    <Page
      title={t('title')}
      actions={
        <LinkButton type="primary" icon={<PlusOutlined aria-hidden />} to={paths.newApp}>
          {t('new')}
        </LinkButton>
      }
    >
      <FilterBar filters={filters} onChange={change} />
      <Loaded query={apps} rows={8}>
        {(list) => (
          <>
            {list.next && <p role="status">{t('truncated')}</p>}
            <AppTable all={list.items} filters={filters} onChange={change} />
          </>
        )}
      </Loaded>
      <Outlet />
    </Page>
  );
}

interface FilterProps {
  filters: Filters;
  onChange: (change: Partial<Filters>) => void;
}

function FilterBar({ filters, onChange }: FilterProps) {
  const { t } = useTranslation('apps');
  const { t: status } = useTranslation('status');
  const environments = useEnvironments();
  return (
    <div role="search" aria-label={t('search')} className={styles.filters}>
      <Input
        allowClear
        type="search"
        className={styles.search}
        value={filters.q}
        aria-label={t('search')}
        placeholder={t('search')}
        onChange={(e) => onChange({ q: e.target.value })}
      />
      <PlainSelect
        className={styles.select}
        aria-label={t('namespace')}
        value={filters.ns}
        onChange={(ns) => onChange({ ns })}
        options={[{ value: '', label: t('anyNamespace') }, ...(environments.data ?? []).map((e) => ({ value: e.namespace, label: e.namespace }))]}
      />
      <PlainSelect
        className={styles.select}
        aria-label={t('status')}
        value={filters.status}
        onChange={(word) => onChange({ status: word })}
        options={[{ value: '', label: t('anyStatus') }, ...words.map((w) => ({ value: w, label: status(`word.${w}`) }))]}
      />
    </div>
  );
}

function AppTable({ all, filters, onChange }: FilterProps & { all: AppSummary[] }) {
  const { t } = useTranslation('apps');
  const columns = useColumns();
  const rows = useMemo(() => matching(all, filters), [all, filters]);
  return (
    <DataTable
      label={t('title')}
      columns={columns}
      rows={rows}
      rowKey={(app) => `${app.namespace}/${app.name}`}
      empty={all.length === 0 ? t('none') : t('noMatch')}
      sort={filters.sort}
      onSort={(sort) => onChange({ sort })}
    />
  );
}

function useColumns(): Column<AppSummary>[] {
  const { t } = useTranslation('apps');
  const { t: common } = useTranslation();
  const { t: status } = useTranslation('status');
  const format = useFormat();
  const now = useNow();
  return [
    {
      key: 'name',
      header: common('name'),
      rowHeader: true,
      sort: (app) => app.alias || app.name,
      cell: (app) => (
        <span>
          <Link to={appLink(app)}>
            <b>{app.alias || app.name}</b>
          </Link>
          {app.alias && <span className="muted"> {app.name}</span>} {app.undeployed && app.status.word !== 'NotDeployed' && <Undeployed />}
        </span>
      ),
    },
    { key: 'ns', oneLine: true, header: common('namespace'), sort: (app) => app.namespace, cell: (app) => app.namespace },
    {
      key: 'status',
      oneLine: true,
      header: common('status'),
      sort: (app) => status(`word.${app.status.word}`),
      cell: (app) => (
        <span title={app.status.message}>
          <AppStatus app={app} />
        </span>
      ),
    },
    { key: 'traffic', header: t('traffic'), cell: (app) => <AppSplit app={app} /> },
    {
      key: 'images',
      header: t('images'),
      cell: (app) => (
        <span className="mono" title={app.components.map((c) => c.image ?? '').join('\n')}>
          {app.components.map((c) => tagOf(c.image)).filter(Boolean).join(', ')}
        </span>
      ),
    },
    { key: 'revision', header: common('revision'), sort: (app) => app.revision ?? '', cell: (app) => <span className="mono">{app.publishVersion ?? app.revision}</span> },
    {
      key: 'since',
      oneLine: true,
      header: common('updated'),
      sort: (app) => app.status.since ?? app.createdAt,
      cell: (app) => {
        const at = app.status.since ?? app.createdAt;
        return (
          <time dateTime={at} title={format.dateTime(at)}>
            {format.ago(at, now)}
          </time>
        );
      },
    },
  ];
}
