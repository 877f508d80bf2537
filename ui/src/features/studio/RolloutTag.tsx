// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';

import type { RolloutKind } from '@/api/schema.gen';

import styles from './studio.module.css';

/** Says whether a workflow releases in steps. */
export function RolloutTag({ rollout }: { rollout: RolloutKind }) {
  const { t } = useTranslation('studio');
  return <span className={`${styles.tag} ${rollout === 'canary' ? styles.canaryTag : ''}`}>{t(`rollout.${rollout}`)}</span>;
}
