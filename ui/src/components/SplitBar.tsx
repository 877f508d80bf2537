// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useId } from 'react';
import { useTranslation } from 'react-i18next';

import { useFormat } from '@/i18n/format';

import styles from './SplitBar.module.css';

/** What was counted at the gateway since the weight was set. */
export interface Measured {
  percent: number;
  requests: number;
}

interface Props {
  /** Names of the versions, such as image tags. */
  stable: string;
  canary: string;
  /** The share asked for the new version in percent; null when nobody knows. */
  asked: number | null;
  /** null while nothing was counted. */
  measured: Measured | null;
  /** Without the line of text below, for rows of tables. */
  compact?: boolean;
}

/** How the traffic is shared between two versions: the fill is what was measured, the notch what was asked for. */
export function SplitBar({ stable, canary, asked, measured, compact = false }: Props) {
  const { t } = useTranslation('status');
  const format = useFormat();
  const hatch = useId();
  const share = clamp(measured?.percent ?? asked ?? 0);
  const measuredText = measured
    ? t('split.measuredOf', { percent: format.percent(measured.percent, 1), requests: format.number(measured.requests) })
    : t('split.notMeasured');
  const askedText = asked === null ? t('word.Unknown') : format.percent(asked);
  const sentence = t('split.text', { canary, stable, asked: askedText, measured: measuredText });

  return (
    <div className={compact ? styles.compact : styles.split}>
      <div
        role="meter"
        aria-label={t('split.label')}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(asked ?? share)}
        aria-valuetext={sentence}
        className={styles.bar}
        data-measured={measured ? 'yes' : 'no'}
      >
        <svg aria-hidden="true" className={styles.drawing} preserveAspectRatio="none">
          <defs>
            <pattern id={hatch} width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <rect width="8" height="8" className={styles.canaryFill} />
              <rect width="3" height="8" className={styles.canaryStripe} />
            </pattern>
          </defs>
          <rect width={`${100 - share}%`} height="100%" className={styles.stableFill} />
          <rect x={`${100 - share}%`} width={`${share}%`} height="100%" fill={`url(#${hatch})`} className={styles.canaryPart} />
        </svg>
        {asked !== null && <span className={styles.notch} style={{ left: `${100 - clamp(asked)}%` }} />}
      </div>
      {compact ? (
        <span aria-hidden="true" className={styles.share}>
          {format.percent(share)}
        </span>
      ) : (
        <div className={styles.legend}>
          <span className={styles.side}>
            <span className={`${styles.key} ${styles.stableKey}`} />
            <b>{stable}</b> {format.percent(100 - share, measured ? 1 : 0)}
          </span>
          <span className={styles.facts}>
            {t('split.askedOf', { percent: askedText })} · {measuredText}
          </span>
          <span className={styles.side}>
            <span className={`${styles.key} ${styles.canaryKey}`} />
            <b>{canary}</b> {format.percent(share, measured ? 1 : 0)}
          </span>
        </div>
      )}
    </div>
  );
}

function clamp(percent: number): number {
  return Math.min(100, Math.max(0, percent));
}
