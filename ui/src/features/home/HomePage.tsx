// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

import { api, dataOf } from '@/api/client';
import type { AppSummary, Home, StatusWord as Word } from '@/api/schema.gen';
import { Page, Panel } from '@/app/Page';
import { paths } from '@/app/paths';
import { ActivityList } from '@/components/ActivityList';
import { AppRows } from '@/components/AppRows';
import { LinkButton } from '@/components/LinkButton';
import { Loaded } from '@/components/Loading';
import { StatusWord } from '@/components/StatusWord';
import { useApps } from '@/features/apps/queries';

import styles from './HomePage.module.css';

const key = ['home'] as const;

/** What needs attention, what waits for the person, what is under way and what happened. */
export function Component() {
  const { t } = useTranslation('home');
  const home = useHome();
  const waiting = home.data?.approvals.length ?? 0;
  return (
    <Page title={t('title')} windowTitle={waiting > 0 ? `(${waiting}) ${t('title')}` : undefined}>
      <Loaded query={home} rows={8}>
        {(data) => (sum(data.counts) === 0 ? <Empty /> : <Sections home={data} />)}
      </Loaded>
    </Page>
  );
}

/** The home page's data, asked for again whenever an application changes. */
function useHome() {
  const cache = useQueryClient();
  const { dataUpdatedAt } = useApps(undefined);
  useEffect(() => {
    const soon = window.setTimeout(() => void cache.invalidateQueries({ queryKey: key }), 300);
    return () => window.clearTimeout(soon);
  }, [cache, dataUpdatedAt]);
  return useQuery({ queryKey: key, queryFn: async ({ signal }) => dataOf(await api().GET('/home', { signal })) });
}

function Sections({ home }: { home: Home }) {
  const { t } = useTranslation('home');
  return (
    <>
      <Counts counts={home.counts} />
      <div className={styles.grid}>
        <AppPanel title={t('approvals')} none={t('approvalsNone')} apps={home.approvals} />
        <AppPanel title={t('attention')} none={t('attentionNone')} apps={home.attention} />
        <AppPanel title={t('running')} none={t('runningNone')} apps={home.running} />
        <Panel title={t('recent')}>
          {home.recent.length === 0 ? <p className="muted">{t('recentNone')}</p> : <ActivityList items={home.recent} />}
        </Panel>
      </div>
    </>
  );
}

function AppPanel({ title, none, apps }: { title: string; none: ReactNode; apps: AppSummary[] }) {
  return (
    <Panel title={title} extra={apps.length > 0 && <span className="muted">{apps.length}</span>}>
      {apps.length === 0 ? <p className="muted">{none}</p> : <AppRows apps={apps} label={title} />}
    </Panel>
  );
}

function Counts({ counts }: { counts: Home['counts'] }) {
  const { t } = useTranslation('home');
  return (
    <ul className={styles.counts} aria-label={t('counts')}>
      {Object.entries(counts)
        .filter(([, n]) => n > 0)
        .map(([word, n]) => (
          <li key={word}>
            <Link to={`${paths.apps}?${new URLSearchParams({ status: word })}`} className={styles.count}>
              <span className={styles.number}>{n}</span> <StatusWord word={word as Word} />
            </Link>
          </li>
        ))}
    </ul>
  );
}

function Empty() {
  const { t } = useTranslation('home');
  const { t: apps } = useTranslation('apps');
  return (
    <Panel title={t('empty.title')}>
      <p>{t('empty.text')}</p>
      <LinkButton type="primary" to={paths.newApp}>
        {apps('new')}
      </LinkButton>
    </Panel>
  );
}

function sum(counts: Home['counts']): number {
  return Object.values(counts).reduce((a, b) => a + b, 0);
}
