// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';

import type { Overview, Revision } from '@/api/schema.gen';
import { Page } from '@/app/Page';
import { paths } from '@/app/paths';
import { useAppParams } from '@/app/useAppParams';
import { useNow } from '@/app/useNow';
import { tagOf } from '@/components/AppRows';
import { ChangeList } from '@/components/ChangeList';
import { DataTable, type Column } from '@/components/DataTable';
import { Loaded } from '@/components/Loading';
import { StatusWord } from '@/components/StatusWord';
import { useOverview } from '@/features/app/queries';
import { useFormat } from '@/i18n/format';
import { checks, useAccess } from '@/session/access';

import { Comparison } from './Comparison';
import { useRevisions } from './queries';
import styles from './RevisionsPage.module.css';
import { RollbackDialog } from './RollbackDialog';
import { sidesOf } from './sides';

/** All revisions with what each changed; two of them side by side; the way back to an older one. */
export function Component() {
  const { t } = useTranslation('revisions');
  const { ns, app } = useAppParams();
  const overview = useOverview(ns, app);
  const revisions = useRevisions(ns, app, overview.data);
  return (
    <Page title={t('title')} windowTitle={`${t('title')} · ${app}`}>
      <Loaded query={revisions}>
        {(items) => <Sections ns={ns} app={app} revisions={items} overview={overview.data} />}
      </Loaded>
    </Page>
  );
}

function Sections({ ns, app, revisions, overview }: { ns: string; app: string; revisions: Revision[]; overview: Overview | undefined }) {
  const { t } = useTranslation('revisions');
  const [search, setSearch] = useSearchParams();
  const [back, setBack] = useState<Revision | null>(null);
  const [mayUpdate] = useAccess([checks.updateApp(ns, app)]);
  const compare = (from: string, to: string) => {
    const next = new URLSearchParams(search);
    next.set('from', from);
    next.set('to', to);
    setSearch(next, { preventScrollReset: true });
  };
  const shown = search.has('from') || search.has('to') ? sidesOf(search.get('from'), search.get('to'), revisions) : null;
  const columns = useColumns(ns, app, {
    revisions,
    onCompare: compare,
    onBack: setBack,
    whyNotBack: mayUpdate?.why,
  });
  return (
    <>
      {overview?.app.undeployed && (
        <p>
          <Button onClick={() => compare('deployed', 'stored')}>{t('seeUndeployed')}</Button>
        </p>
      )}
      <DataTable label={t('title')} columns={columns} rows={revisions} rowKey={(r) => r.name} empty={t('none')} />
      {shown && <Comparison ns={ns} app={app} revisions={revisions} from={shown.from} to={shown.to} onChange={compare} />}
      {back && <RollbackDialog ns={ns} app={app} revision={back} onClose={() => setBack(null)} />}
    </>
  );
}

interface Actions {
  revisions: Revision[];
  onCompare: (from: string, to: string) => void;
  onBack: (revision: Revision) => void;
  whyNotBack: string | undefined;
}

function useColumns(ns: string, app: string, { revisions, onCompare, onBack, whyNotBack }: Actions): Column<Revision>[] {
  const { t } = useTranslation('revisions');
  const { t: common } = useTranslation();
  const { t: run } = useTranslation('run');
  const format = useFormat();
  const now = useNow();
  return [
    {
      key: 'revision',
      oneLine: true,
      header: common('revision'),
      rowHeader: true,
      sort: (r) => r.number,
      cell: (r) => (
        <span>
          <Link to={paths.run(ns, app, r.run)} className="mono">
            {r.publishVersion ?? r.name}
          </Link>
          {r.current && <span className={styles.badge}>{t('current')}</span>}
          {r.rollbackTarget && <span className={styles.badge}>{t('target')}</span>}
        </span>
      ),
    },
    { key: 'state', oneLine: true, header: common('status'), cell: (r) => <StatusWord word={r.state} /> },
    { key: 'image', header: common('image'), cell: (r) => <span className="mono">{(r.images ?? []).map(tagOf).join(', ')}</span> },
    { key: 'changes', header: t('changes'), cell: (r) => <ChangeList changes={r.changes ?? []} none={t('first')} /> },
    {
      key: 'created',
      oneLine: true,
      header: t('created'),
      sort: (r) => r.createdAt,
      cell: (r) => (
        <time dateTime={r.createdAt} title={format.dateTime(r.createdAt)}>
          {format.short(r.createdAt, now)}
        </time>
      ),
    },
    { key: 'by', header: run('facts.by'), cell: (r) => r.by ?? '' },
    { key: 'note', header: run('facts.note'), cell: (r) => r.note ?? '' },
    {
      key: 'actions',
      oneLine: true,
      header: common('actions'),
      cell: (r) => {
        const older = revisions[revisions.indexOf(r) + 1];
        const name = r.publishVersion ?? r.name;
        return (
          <span className={styles.actions}>
            {older && (
              <Button size="small" aria-label={t('diffOf', { revision: name })} onClick={() => onCompare(older.name, r.name)}>
                {t('diff')}
              </Button>
            )}
            {r.canRollback && (
              <Button
                size="small"
                aria-label={t('rollbackTo', { revision: name })}
                title={whyNotBack}
                aria-disabled={whyNotBack ? true : undefined}
                onClick={whyNotBack ? undefined : () => onBack(r)}
              >
                {t('rollback')}
              </Button>
            )}
          </span>
        );
      },
    },
  ];
}
