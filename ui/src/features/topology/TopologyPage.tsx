// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Segmented } from 'antd';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';

import type { Topology } from '@/api/schema.gen';
import { Page } from '@/app/Page';
import { useAppParams } from '@/app/useAppParams';
import { Loaded, Loading } from '@/components/Loading';
import { Stale } from '@/features/run/Stale';
import { useFormat } from '@/i18n/format';

import { NodePanel } from './NodePanel';
import { useTopology } from './queries';
import styles from './TopologyPage.module.css';
import { TreeTable } from './TreeTable';

const Graph = lazy(() => import('./Graph'));
const views = ['graph', 'table'] as const;
/** Nodes above which the table comes first. */
const tooMany = 200;

/** What an application is made of, by version, as a graph or as a table; the view and the object looked at live in the address. */
export function Component() {
  const { t } = useTranslation('topology');
  const { ns, app } = useAppParams();
  const topology = useTopology(ns, app);
  const [search, setSearch] = useSearchParams();
  const chosen = views.find((v) => v === search.get('view'));
  const view = chosen ?? ((topology.data?.nodes.length ?? 0) > tooMany ? 'table' : 'graph');
  const focus = search.get('focus');
  const set = (name: string, value: string | null) => {
    const next = new URLSearchParams(search);
    if (value === null) next.delete(name);
    else next.set(name, value);
    setSearch(next, { replace: true, preventScrollReset: true });
  };
  return (
    <Page
      title={t('title')}
      windowTitle={`${t('title')} · ${app}`}
      actions={
        <Segmented aria-label={t('view')} value={view} onChange={(v) => set('view', v)} options={views.map((v) => ({ value: v, label: t(`views.${v}`) }))} />
      }
    >
      <Loaded query={topology} rows={10}>
        {(data) => (
          <Stale>
            <Summary topology={data} />
            {view === 'graph' ? (
              <Suspense fallback={<Loading rows={10} />}>
                <Graph topology={data} focus={focus} onFocus={(id) => set('focus', id)} />
              </Suspense>
            ) : (
              <TreeTable topology={data} focus={focus} onFocus={(id) => set('focus', id)} />
            )}
            <Focused topology={data} focus={focus} onClose={() => set('focus', null)} />
          </Stale>
        )}
      </Loaded>
    </Page>
  );
}

function Focused({ topology, focus, onClose }: { topology: Topology; focus: string | null; onClose: () => void }) {
  const { ns, app } = useAppParams();
  const node = topology.nodes.find((n) => n.id === focus);
  return node ? <NodePanel ns={ns} app={app} node={node} onClose={onClose} /> : null;
}

/** The graph in one sentence. */
function Summary({ topology }: { topology: Topology }) {
  const { t } = useTranslation('topology');
  const format = useFormat();
  const { summary } = topology;
  const versions = summary.revisions.map((r) =>
    t('summaryVersion', {
      version: r.publishVersion ?? r.revision,
      role: r.role ? t(`role.${r.role}`) : '',
      ready: r.readyPods,
      count: r.pods,
    }),
  );
  return (
    <p className={styles.summary}>
      {t('summary', { ready: summary.readyPods, count: summary.pods })} {versions.length > 0 && format.list(versions)}
    </p>
  );
}
