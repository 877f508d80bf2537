// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';

import type { Change } from '@/api/schema.gen';

import styles from './ChangeList.module.css';

/** Differences as a person would name them; none is said instead of an empty list. */
export function ChangeList({ changes, label, none }: { changes: Change[]; label?: string; none?: string }) {
  const { t } = useTranslation();
  if (changes.length === 0) return <p className="muted">{none ?? t('changes.none')}</p>;
  return (
    <ul className={styles.list} aria-label={label ?? t('changes.label')}>
      {changes.map((c) => (
        <li key={c.path + c.op} className={styles.change}>
          <span>
            {t(`changes.op.${c.op}`)} <b>{[c.component, c.trait, c.field ?? t(`changes.kind.${c.kind}`)].filter(Boolean).join(' › ')}</b>
          </span>
          {(c.from !== undefined || c.to !== undefined) && (
            <span className="mono">
              {c.from !== undefined && <del className={styles.from}>{c.from}</del>}
              {c.from !== undefined && c.to !== undefined && <span aria-hidden="true"> → </span>}
              {c.to !== undefined && <ins className={styles.to}>{c.to}</ins>}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
