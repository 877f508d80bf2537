// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

import type { Run } from '@/api/schema.gen';
import { Page } from '@/app/Page';
import { paths } from '@/app/paths';
import { useAppParams } from '@/app/useAppParams';
import { useNow } from '@/app/useNow';
import { tagOf } from '@/components/AppRows';
import { DataTable, type Column } from '@/components/DataTable';
import { Loaded } from '@/components/Loading';
import { StatusWord } from '@/components/StatusWord';
import { useOverview } from '@/features/app/queries';
import { useFormat } from '@/i18n/format';

import { isUnderWay, leaves } from './offers';
import { useRuns } from './queries';

/** The releases of an application with their outcome, who published and who approved. */
export function Component() {
  const { t } = useTranslation('run');
  const { ns, app } = useAppParams();
  const overview = useOverview(ns, app);
  const runs = useRuns(ns, app, overview.data);
  const columns = useColumns(ns, app);
  return (
    <Page title={t('runs.title')} windowTitle={`${t('runs.title')} · ${app}`}>
      <Loaded query={runs}>
        {(items) => <DataTable label={t('runs.title')} columns={columns} rows={items} rowKey={(r) => r.id} empty={t('runs.none')} />}
      </Loaded>
    </Page>
  );
}

/** Everybody who let a step go on, each once. */
export function approvers(run: Run): string[] {
  return [...new Set(leaves(run.steps).flatMap((s) => (s.by && s.state === 'Succeeded' ? [s.by] : [])))];
}

function useColumns(ns: string, app: string): Column<Run>[] {
  const { t } = useTranslation('run');
  const { t: common } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const started = (r: Run) => r.startedAt ?? '';
  return [
    { key: 'id', header: t('runs.release'), rowHeader: true, cell: (r) => <Link to={paths.run(ns, app, r.id)}>{r.publishVersion ?? r.id}</Link> },
    { key: 'state', header: common('status'), cell: (r) => <StatusWord word={r.state} /> },
    { key: 'image', header: common('image'), cell: (r) => <span className="mono">{(r.images ?? []).map(tagOf).join(', ')}</span> },
    { key: 'workflow', header: t('facts.workflow'), cell: (r) => (r.workflow ? t(`rollout.${r.rollout}`) : '') },
    {
      key: 'started',
      header: t('facts.started'),
      sort: started,
      cell: (r) =>
        r.startedAt && (
          <time dateTime={r.startedAt} title={format.dateTime(r.startedAt)}>
            {format.short(r.startedAt, now)}
          </time>
        ),
    },
    {
      key: 'duration',
      header: t('facts.duration'),
      cell: (r) => {
        if (!r.startedAt || (!r.endedAt && !isUnderWay(r.state))) return '';
        return format.duration((r.endedAt ? new Date(r.endedAt) : now).getTime() - new Date(r.startedAt).getTime());
      },
    },
    { key: 'by', header: t('facts.by'), cell: (r) => r.by ?? '' },
    { key: 'approvers', header: t('runs.approvers'), cell: (r) => format.list(approvers(r)) },
    { key: 'note', header: t('facts.note'), cell: (r) => r.note ?? '' },
  ];
}
