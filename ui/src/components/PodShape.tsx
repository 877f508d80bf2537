// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';

import type { PodState } from '@/api/schema.gen';

import styles from './PodShape.module.css';

export type Lane = 'stable' | 'canary';

/** A pod as a shape: circle ready, ring starting, triangle in trouble, square ending or done. */
export function PodShape({ name, state, lane }: { name: string; state: PodState; lane: Lane }) {
  const { t } = useTranslation('status');
  const label = t('pod.label', { name, state: t(`pod.${state}`, { defaultValue: state }) });
  return (
    <svg role="img" aria-label={label} className={`${styles.pod} ${styles[lane]}`} data-state={state} width="22" height="22" viewBox="0 0 22 22">
      <title>{label}</title>
      {shape(state)}
      {lane === 'canary' && state === 'Ready' && <path d="M7.5 14.5l7-7" className={styles.stripe} />}
    </svg>
  );
}

function shape(state: PodState) {
  switch (state) {
    case 'Ready':
      return <circle cx="11" cy="11" r="8.5" className={styles.fill} />;
    case 'Starting':
      return <circle cx="11" cy="11" r="7.5" className={styles.ring} />;
    case 'Terminating':
    case 'Done':
      return <rect x="4" y="4" width="14" height="14" rx="1" className={styles.ring} />;
    case 'Warning':
    default: // a state that this bundle does not know is trouble, never silence
      return (
        <>
          <path d="M11 2.5 20 18.5H2z" className={styles.trouble} />
          <path d="M11 8v5M11 15.4v.6" className={styles.mark} />
        </>
      );
  }
}
