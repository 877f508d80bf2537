// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Alert } from 'antd';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams, useSearchParams } from 'react-router';

import { asProblem } from '@/api/problem';
import type { Overview, Run } from '@/api/schema.gen';
import { NotFound } from '@/app/NotFound';
import { Page, Panel } from '@/app/Page';
import { paths } from '@/app/paths';
import { useAnnounce } from '@/app/announce';
import { useAppParams } from '@/app/useAppParams';
import { useNow } from '@/app/useNow';
import { Loaded } from '@/components/Loading';
import { StatusWord } from '@/components/StatusWord';
import { StepRail } from '@/components/StepRail';
import { useOverview } from '@/features/app/queries';
import { useSentence } from '@/i18n/sentences';

import { ActionBar } from './ActionBar';
import { ActionHistory } from './ActionHistory';
import { ActivityPanel } from './ActivityPanel';
import { ApprovalCard } from './ApprovalCard';
import { isUnderWay, leaves, presentStep } from './offers';
import { useRun } from './queries';
import { ReleaseShares } from './ReleaseShares';
import { RunFacts } from './RunFacts';
import styles from './RunPage.module.css';
import { Stale } from './Stale';

/** One release: while it is under way with all that is needed to decide, afterwards as a record. */
export function Component() {
  const { t } = useTranslation('run');
  const { ns, app } = useAppParams();
  const { run: id = '' } = useParams();
  const run = useRun(ns, app, id);
  const overview = useOverview(ns, app);
  if (run.error && run.data === undefined && asProblem(run.error).code === 'not-found') return <NotFound />;
  return (
    <Page title={t('title', { id })} windowTitle={`${t('title', { id })} · ${app}`} extra={run.data && <RunStatus run={run.data} overview={overview.data} />}>
      <Loaded query={run} rows={10}>
        {(r) => (overview.data ? <Sections ns={ns} app={app} run={r} overview={overview.data} /> : null)}
      </Loaded>
    </Page>
  );
}

/** The word for the run, with the share while it rolls out and the time while it waits. */
function RunStatus({ run, overview }: { run: Run; overview: Overview | undefined }) {
  const now = useNow();
  const since = presentStep(run)?.startedAt;
  const rolling = run.current && run.state === 'Running' && overview?.status.word === 'RollingOut';
  return (
    <StatusWord
      word={rolling ? 'RollingOut' : run.state}
      percent={overview?.status.weight}
      waitingFor={run.state === 'Waiting' && since ? now.getTime() - new Date(since).getTime() : null}
    />
  );
}

function Sections({ ns, app, run, overview }: { ns: string; app: string; run: Run; overview: Overview }) {
  const { t } = useTranslation('run');
  const now = useNow();
  const [search, setSearch] = useSearchParams();
  const live = run.current && isUnderWay(run.state);
  const releases = run.current ? overview.releases : [];
  useSpoken(run, overview);
  const select = (step: string) => {
    const next = new URLSearchParams(search);
    if (search.get('step') === step) next.delete('step');
    else next.set('step', step);
    setSearch(next, { replace: true, preventScrollReset: true });
  };
  return (
    <Stale>
      <RunFacts ns={ns} app={app} run={run} />
      <Notices run={run} overview={overview} />
      <ApprovalCard ns={ns} app={app} run={run} overview={overview} />
      <div className={styles.grid}>
        {(releases.length > 0 || run.actions.length > 0) && (
          <div className={styles.column}>
            {releases.map((r) => (
              <ReleaseShares key={r.component} ns={ns} app={app} release={r} edge={overview.edge} />
            ))}
            {run.actions.length > 0 && <ActionHistory actions={run.actions} />}
          </div>
        )}
        <div className={styles.rail}>
          <Panel title={t('steps')}>
            {run.steps.length === 0 ? (
              <p className="muted">{t('noSteps')}</p>
            ) : (
              <StepRail steps={leaves(run.steps)} now={now} selected={search.get('step')} onSelect={select} />
            )}
          </Panel>
        </div>
        <div className={styles.activity}>
          <ActivityPanel ns={ns} app={app} run={run} />
        </div>
      </div>
      {!live && (
        <p>
          <Link to={paths.runs(ns, app)}>{t('allRuns')}</Link>
        </p>
      )}
      <ActionBar ns={ns} app={app} run={run} overview={overview} />
    </Stale>
  );
}

/** What must not be overlooked: trouble, notices of the server, that the page shows the past. */
function Notices({ run, overview }: { run: Run; overview: Overview }) {
  const say = useSentence();
  const { t } = useTranslation('run');
  const { ns, app } = useAppParams();
  return (
    <>
      {!run.current && overview.run && (
        <Alert
          type="info"
          showIcon
          title={t('past')}
          action={<Link to={paths.run(ns, app, overview.run.id)}>{t('goToCurrent', { id: overview.run.id })}</Link>}
        />
      )}
      {run.message && <Alert type={run.state === 'Failed' ? 'error' : 'info'} showIcon title={say(run.message)} />}
      {run.current && overview.trouble && <Alert type="warning" showIcon title={say(overview.trouble)} />}
      {run.current && overview.notices.map((notice) => <Alert key={notice} type="warning" showIcon title={say(notice)} />)}
    </>
  );
}

/** Says to people who listen when the release has come to another state or step. */
function useSpoken(run: Run, overview: Overview): void {
  const { t } = useTranslation('run');
  const { t: status } = useTranslation('status');
  const announce = useAnnounce();
  const release = overview.releases[0];
  const batch = release?.index && release.steps ? `${t('batchOf', { index: release.index, count: release.steps })}: ` : '';
  const sentence = batch + status(`word.${run.state}`);
  const spoken = useRef(sentence);
  useEffect(() => {
    if (spoken.current === sentence) return;
    spoken.current = sentence;
    announce(sentence);
  }, [announce, sentence]);
}
