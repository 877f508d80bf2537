// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

import type { Overview, Run } from '@/api/schema.gen';
import { paths } from '@/app/paths';
import { useNow } from '@/app/useNow';
import { ChangeList } from '@/components/ChangeList';
import { Glyph } from '@/components/Glyph';
import { useRevision } from '@/features/revisions/queries';
import { useFormat } from '@/i18n/format';

import styles from './ApprovalCard.module.css';
import { useNextText } from './Consequence';
import { presentStep } from './offers';

interface Props {
  ns: string;
  app: string;
  run: Run;
  overview: Overview;
}

/** What a person has to know who is asked to let a release go on: who wants what, since when, how it does, what comes next. */
export function ApprovalCard({ ns, app, run, overview }: Props) {
  const { t } = useTranslation('run');
  const format = useFormat();
  const now = useNow();
  const nextText = useNextText();
  const revision = useRevision(ns, app, run.revision);
  const step = presentStep(run);
  if (run.state !== 'Waiting' || !step) return null;
  const troubles = overview.releases.flatMap((r) => r.canary.problems);
  const changes = revision.data?.changes;
  return (
    <section className={styles.card} aria-label={t('approval.title')}>
      <h2 className={styles.title}>
        <Glyph name="pause" tone="waiting" /> {t('approval.title')}
        {step.startedAt && (
          <span className={styles.since}>{t('approval.since', { duration: format.duration(now.getTime() - new Date(step.startedAt).getTime()) })}</span>
        )}
      </h2>
      <dl className={styles.facts}>
        <div>
          <dt>{t('approval.step')}</dt>
          <dd>{step.alias || step.name}</dd>
        </div>
        <div>
          <dt>{t('approval.by')}</dt>
          <dd>
            {run.by || t('approval.nobody')}
            {run.note && <q className={styles.note}>{run.note}</q>}
          </dd>
        </div>
        <div>
          <dt>{t('approval.changes')}</dt>
          <dd>{changes && changes.length > 0 ? <ChangeList changes={changes} /> : <Link to={paths.revisions(ns, app)}>{t('approval.seeRevisions')}</Link>}</dd>
        </div>
        <div>
          <dt>{t('approval.health')}</dt>
          <dd>
            {troubles.length === 0 ? (
              <span>
                <Glyph name="check" tone="done" size={14} /> {t('approval.well')}
              </span>
            ) : (
              <ul className={styles.troubles}>
                {troubles.map((p) => (
                  <li key={p}>{p}</li>
                ))}
              </ul>
            )}
          </dd>
        </div>
      </dl>
      {overview.next?.run === run.id && <p className={styles.next}>{t('approval.next', { next: nextText(overview.next) })}</p>}
      {step.resumeAt && <p>{t('approval.itself', { at: format.short(step.resumeAt, now) })}</p>}
    </section>
  );
}
