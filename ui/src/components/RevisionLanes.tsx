// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';

import type { Lane } from '@/api/schema.gen';

import { PodShape, type Lane as LaneKind } from './PodShape';
import styles from './RevisionLanes.module.css';

const shown = 60;

/** The pods of the stable and of the new version, always in this order so that eyes need not jump. */
export function RevisionLanes({ stable, canary }: { stable: Lane | null; canary: Lane | null }) {
  const { t } = useTranslation('status');
  return (
    <div role="group" aria-label={t('lane.label')} className={styles.lanes}>
      {stable && <LaneRow lane="stable" title={t('lane.stable')} of={stable} />}
      {canary && <LaneRow lane="canary" title={t('lane.canary')} of={canary} />}
    </div>
  );
}

function LaneRow({ lane, title, of }: { lane: LaneKind; title: string; of: Lane }) {
  const { t } = useTranslation('status');
  const rest = of.items.length - shown;
  return (
    <section className={`${styles.lane} ${styles[lane]}`} aria-label={`${title} ${of.revision}`}>
      <header className={styles.head}>
        <span className={styles.title}>{title}</span>
        <span className="mono">{of.revision}</span>
        <span className={`mono ${styles.image}`}>{of.image}</span>
        <span className={styles.count}>{t('pod.summary', { ready: of.ready, count: of.pods })}</span>
      </header>
      {of.items.length === 0 ? (
        <p className="muted">{t('lane.empty')}</p>
      ) : (
        <ul className={styles.pods}>
          {of.items.slice(0, shown).map((p) => (
            <li key={p.name}>
              <PodShape name={p.name} state={p.state} lane={lane} />
            </li>
          ))}
          {rest > 0 && <li className="muted">{t('lane.more', { count: rest })}</li>}
        </ul>
      )}
      {of.problems.map((p) => (
        <p key={p} className={styles.problem}>
          {p}
        </p>
      ))}
    </section>
  );
}
