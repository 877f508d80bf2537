// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

import type { Run } from '@/api/schema.gen';
import { paths } from '@/app/paths';
import { useNow } from '@/app/useNow';
import { tagOf } from '@/components/AppRows';
import { useFormat } from '@/i18n/format';

import { isUnderWay } from './offers';
import styles from './RunFacts.module.css';

/** Who released what with which workflow, when, and what they said. */
export function RunFacts({ ns, app, run }: { ns: string; app: string; run: Run }) {
  const { t } = useTranslation('run');
  const format = useFormat();
  const now = useNow();
  const end = run.endedAt ? new Date(run.endedAt) : now;
  return (
    <dl className={styles.facts}>
      <div>
        <dt>{t('facts.revision')}</dt>
        <dd>
          <Link to={`${paths.revisions(ns, app)}?${new URLSearchParams({ to: run.revision })}`} className="mono">
            {run.revision}
          </Link>
        </dd>
      </div>
      {run.images && run.images.length > 0 && (
        <div>
          <dt>{t('facts.image')}</dt>
          <dd className="mono" title={run.images.join('\n')}>
            {run.images.map(tagOf).join(', ')}
          </dd>
        </div>
      )}
      {run.workflow && (
        <div>
          <dt>{t('facts.workflow')}</dt>
          <dd>
            {run.workflow} <span className="muted">({t(`rollout.${run.rollout}`)})</span>
          </dd>
        </div>
      )}
      {run.by && (
        <div>
          <dt>{t('facts.by')}</dt>
          <dd>{run.by}</dd>
        </div>
      )}
      {run.startedAt && (
        <div>
          <dt>{t('facts.started')}</dt>
          <dd>
            <time dateTime={run.startedAt} title={format.dateTime(run.startedAt)}>
              {format.short(run.startedAt, now)}
            </time>
          </dd>
        </div>
      )}
      {run.startedAt && (run.endedAt || isUnderWay(run.state)) && (
        <div>
          <dt>{t('facts.duration')}</dt>
          <dd>{format.duration(end.getTime() - new Date(run.startedAt).getTime())}</dd>
        </div>
      )}
      {run.rolledBackTo && (
        <div>
          <dt>{t('facts.rolledBackTo')}</dt>
          <dd className="mono">{run.rolledBackTo}</dd>
        </div>
      )}
      {run.note && (
        <div>
          <dt>{t('facts.note')}</dt>
          <dd>{run.note}</dd>
        </div>
      )}
    </dl>
  );
}
