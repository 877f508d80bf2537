// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';

import type { Change } from '@/api/schema.gen';

import styles from './ChangeList.module.css';

/** Differences as a person would name them. */
export function ChangeList({ changes, label }: { changes: Change[]; label?: string }) {
  const { t } = useTranslation();
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
