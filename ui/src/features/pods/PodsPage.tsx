// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

import type { Pod } from '@/api/schema.gen';
import { Page } from '@/app/Page';
import { paths } from '@/app/paths';
import { useAppParams } from '@/app/useAppParams';
import { useNow } from '@/app/useNow';
import { tagOf } from '@/components/AppRows';
import { DataTable, type Column } from '@/components/DataTable';
import { Loaded } from '@/components/Loading';
import { PodShape } from '@/components/PodShape';
import { Stale } from '@/features/run/Stale';
import { useFormat } from '@/i18n/format';

import styles from './PodsPage.module.css';
import { usePods } from './queries';

/** The pods of an application by version. */
export function Component() {
  const { t } = useTranslation('pods');
  const { ns, app } = useAppParams();
  const pods = usePods(ns, app);
  const columns = useColumns(ns, app);
  return (
    <Page title={t('title')} windowTitle={`${t('title')} · ${app}`} actions={<Link to={paths.logs(ns, app)}>{t('allLogs')}</Link>}>
      <Loaded query={pods} rows={6}>
        {({ items }) => (
          <Stale>
            <DataTable label={t('title')} columns={columns} rows={items} rowKey={(p) => p.name} empty={t('none')} />
          </Stale>
        )}
      </Loaded>
    </Page>
  );
}

/** How a pod is, as a shape and in words, with the reason where there is one. */
export function PodStatus({ pod }: { pod: Pod }) {
  const { t } = useTranslation('status');
  return (
    <span className={styles.status} title={pod.message}>
      <PodShape name={pod.name} state={pod.state} lane={pod.role === 'canary' ? 'canary' : 'stable'} />
      <span>
        {t(`pod.${pod.state}`, { defaultValue: pod.state })}
        {pod.reason && <span className="muted"> {pod.reason}</span>}
      </span>
    </span>
  );
}

function useColumns(ns: string, app: string): Column<Pod>[] {
  const { t } = useTranslation('pods');
  const { t: common } = useTranslation();
  const { t: topology } = useTranslation('topology');
  const format = useFormat();
  const now = useNow();
  return [
    { key: 'name', header: common('name'), rowHeader: true, sort: (p) => p.name, cell: (p) => <Link to={paths.pod(ns, app, p.name)}>{p.name}</Link> },
    { key: 'state', header: common('status'), sort: (p) => p.state, cell: (p) => <PodStatus pod={p} /> },
    {
      key: 'version',
      header: t('version'),
      sort: (p) => p.publishVersion ?? p.revision ?? '',
      cell: (p) => [p.publishVersion ?? p.revision, p.role && topology(`role.${p.role}`)].filter(Boolean).join(' · '),
    },
    { key: 'component', header: t('component'), sort: (p) => p.component, cell: (p) => p.component },
    { key: 'image', header: common('image'), cell: (p) => <span className="mono">{p.containers.filter((c) => !c.init).map((c) => tagOf(c.image)).join(', ')}</span> },
    { key: 'restarts', header: t('restarts'), align: 'end', sort: (p) => p.restarts, cell: (p) => format.number(p.restarts) },
    { key: 'node', header: t('node'), sort: (p) => p.node ?? '', cell: (p) => p.node ?? '' },
    {
      key: 'created',
      header: t('age'),
      sort: (p) => p.createdAt,
      cell: (p) => (
        <time dateTime={p.createdAt} title={format.dateTime(p.createdAt)}>
          {format.duration(now.getTime() - new Date(p.createdAt).getTime())}
        </time>
      ),
    },
  ];
}
