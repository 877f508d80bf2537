// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';

import styles from './Undeployed.module.css';

/** Says that what is shown here is not what runs. */
export function Undeployed() {
  const { t } = useTranslation();
  return <span className={styles.badge}>{t('undeployed')}</span>;
}
