// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

import type { EdgeState, Release, Split } from '@/api/schema.gen';
import { Panel } from '@/app/Page';
import { paths } from '@/app/paths';
import { useNow } from '@/app/useNow';
import { tagOf } from '@/components/AppRows';
import { RevisionLanes } from '@/components/RevisionLanes';
import { SplitBar } from '@/components/SplitBar';
import { useFormat } from '@/i18n/format';
import { useSentence } from '@/i18n/sentences';

import styles from './ReleaseShares.module.css';

interface Props {
  ns: string;
  app: string;
  release: Release;
  edge: EdgeState | undefined;
}

/** A component between two versions: what was asked for, what the routers acknowledged, what was counted, and the pods. */
export function ReleaseShares({ ns, app, release, edge }: Props) {
  const say = useSentence();
  const { t } = useTranslation('run');
  const { split, stable, canary } = release;
  return (
    <Panel
      title={release.component}
      extra={
        release.index && release.steps ? <span className="muted">{t('batchOf', { index: release.index, count: release.steps })}</span> : undefined
      }
    >
      <SplitBar
        stable={tagOf(stable.image) || (stable.revision ?? '')}
        canary={tagOf(canary.image) || (canary.revision ?? '')}
        asked={split.asked ?? null}
        measured={split.measured === undefined ? null : { percent: split.measured, requests: split.measuredRequests ?? 0 }}
      />
      <Shares split={split} edge={edge} />
      {release.message && <p className={styles.message}>{say(release.message)}</p>}
      <RevisionLanes stable={stable} canary={canary} />
      <p className={styles.links}>
        <Link to={`${paths.logs(ns, app)}?${new URLSearchParams({ rev: canary.revision ?? '' })}`}>{t('canaryLogs')}</Link>
        <Link to={paths.topology(ns, app)}>{t('seeTopology')}</Link>
      </p>
    </Panel>
  );
}

/** The three numbers of a split, each by its own name; one that is not known says so. */
function Shares({ split, edge }: { split: Split; edge: EdgeState | undefined }) {
  const { t } = useTranslation('run');
  const { t: common } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const known = (percent: number | undefined, digits = 0) => (percent === undefined ? common('unknown') : format.percent(percent, digits));
  return (
    <dl className={styles.shares}>
      <div>
        <dt>{t('share.asked')}</dt>
        <dd>{known(split.asked)}</dd>
      </div>
      {split.routed && (
        <div>
          <dt>{t('share.served')}</dt>
          <dd>{known(split.served)}</dd>
        </div>
      )}
      {split.routed && (
        <div>
          <dt>{t('share.measured')}</dt>
          <dd>
            {split.measured === undefined ? (
              <span className="muted">{edge === 'silent' ? t('share.silent') : t('share.none')}</span>
            ) : (
              <>
                {format.percent(split.measured, 1)}{' '}
                <span className="muted">
                  {t('share.requests', { count: split.measuredRequests ?? 0, requests: format.number(split.measuredRequests ?? 0) })}
                  {split.measuredSince && ` · ${t('share.since', { ago: format.ago(split.measuredSince, now) })}`}
                </span>
              </>
            )}
          </dd>
        </div>
      )}
      {!split.routed && <p className="muted">{t('share.notRouted')}</p>}
    </dl>
  );
}
