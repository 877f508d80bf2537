// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Alert } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

import type { Overview, Service } from '@/api/schema.gen';
import { Page, Panel } from '@/app/Page';
import { paths } from '@/app/paths';
import { useAppParams } from '@/app/useAppParams';
import { useNow } from '@/app/useNow';
import { tagOf } from '@/components/AppRows';
import { Glyph } from '@/components/Glyph';
import { LinkButton } from '@/components/LinkButton';
import { Loaded } from '@/components/Loading';
import { PodShape } from '@/components/PodShape';
import { StepRail } from '@/components/StepRail';
import { ActionBar } from '@/features/run/ActionBar';
import { ActivityPanel } from '@/features/run/ActivityPanel';
import { isUnderWay, leaves } from '@/features/run/offers';
import { ReleaseShares } from '@/features/run/ReleaseShares';
import { Stale } from '@/features/run/Stale';
import { useSentence } from '@/i18n/sentences';

import { Endpoints } from './Endpoints';
import styles from './OverviewPage.module.css';
import { useOverview } from './queries';

/** An application at a glance: is it well, what happens now, where does it answer. */
export function Component() {
  const { t } = useTranslation('run');
  const { ns, app } = useAppParams();
  const overview = useOverview(ns, app);
  return (
    <Page title={t('overview.title')} windowTitle={app}>
      <Loaded query={overview} rows={10}>
        {(o) => (o.status.word === 'NotDeployed' ? <NotDeployed ns={ns} app={app} /> : <Sections ns={ns} app={app} overview={o} />)}
      </Loaded>
    </Page>
  );
}

function NotDeployed({ ns, app }: { ns: string; app: string }) {
  const { t } = useTranslation('run');
  return (
    <Panel title={t('overview.notDeployed')}>
      <p>{t('overview.notDeployedText')}</p>
      <LinkButton to={paths.config(ns, app)}>{t('overview.toConfig')}</LinkButton>
    </Panel>
  );
}

function Sections({ ns, app, overview }: { ns: string; app: string; overview: Overview }) {
  const { t } = useTranslation('run');
  const say = useSentence();
  const now = useNow();
  const { run } = overview;
  const live = run !== undefined && run.current && isUnderWay(run.state);
  return (
    <Stale>
      {overview.status.message && <Alert type={overview.status.word === 'Failed' ? 'error' : 'info'} showIcon title={say(overview.status.message)} />}
      {overview.trouble && <Alert type="warning" showIcon title={say(overview.trouble)} />}
      {overview.notices.map((notice) => (
        <Alert key={notice} type="warning" showIcon title={say(notice)} />
      ))}
      <div className={styles.grid}>
        <div className={styles.column}>
          {overview.releases.map((r) => (
            <ReleaseShares key={r.component} ns={ns} app={app} release={r} edge={overview.edge} />
          ))}
          <Services services={overview.services} />
          <Endpoints ns={ns} app={app} />
        </div>
        <div className={styles.column}>
          {run && (
            <Panel
              title={t('overview.release', { id: run.id })}
              extra={<Link to={paths.run(ns, app, run.id)}>{live ? t('overview.openRelease') : t('overview.seeRelease')}</Link>}
            >
              <StepRail steps={leaves(run.steps)} now={now} />
            </Panel>
          )}
          <ActivityPanel ns={ns} app={app} />
        </div>
      </div>
      {run && live && <ActionBar ns={ns} app={app} run={run} overview={overview} />}
    </Stale>
  );
}

function Services({ services }: { services: Service[] }) {
  const { t } = useTranslation('run');
  const say = useSentence();
  const { t: status } = useTranslation('status');
  return (
    <Panel title={t('overview.components')}>
      <ul className={styles.services}>
        {services.map((s) => (
          <li key={`${s.cluster}/${s.namespace}/${s.name}`} className={styles.service}>
            <div className={styles.line}>
              <Glyph name={s.healthy ? 'check' : 'alert'} tone={s.healthy ? 'done' : 'failed'} size={14} />
              <b>{s.name}</b>
              <span>{s.healthy ? t('overview.healthy') : t('overview.unhealthy')}</span>
              <span className="mono muted" title={s.image}>
                {tagOf(s.image)}
              </span>
              {s.pods !== undefined && <span className="muted">{status('pod.summary', { ready: s.ready ?? 0, count: s.pods })}</span>}
              <span className="muted">{s.traits.map((trait) => trait.type).join(', ')}</span>
            </div>
            {s.items && s.items.length > 0 && (
              <div className={styles.pods}>
                {s.items.map((p) => (
                  <PodShape key={p.name} name={p.name} state={p.state} lane="stable" />
                ))}
              </div>
            )}
            {[s.message, ...s.problems, ...s.traits.map((trait) => trait.message)].filter(Boolean).map((sentence) => (
              <p key={sentence} className={s.healthy ? 'muted' : styles.problem}>
                {say(sentence ?? '')}
              </p>
            ))}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
