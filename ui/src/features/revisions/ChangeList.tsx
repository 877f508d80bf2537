// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';

import type { Change } from '@/api/schema.gen';

import styles from './ChangeList.module.css';
import { changeText, subjectOf } from './changes';

const signs = { added: '+', removed: '−', changed: '~' } as const;

/** Differences as a person would name them, each with a sign for what became of it. */
export function ChangeList({ changes, none }: { changes: Change[]; none?: string }) {
  const { t } = useTranslation('revisions');
  if (changes.length === 0) return <p className="muted">{none ?? t('change.none')}</p>;
  return (
    <ul className={styles.list} aria-label={t('change.label')}>
      {changes.map((change) => (
        <li key={change.op + change.path} className={`${styles.change} ${styles[change.op]}`}>
          <span aria-hidden="true" className={styles.sign}>
            {signs[change.op]}
          </span>
          <span className={styles.text}>
            {subjectOf(change) && <span className={styles.subject}>{subjectOf(change)} </span>}
            {changeText(t, change)}
          </span>
        </li>
      ))}
    </ul>
  );
}
