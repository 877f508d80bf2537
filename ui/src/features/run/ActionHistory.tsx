// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';

import type { ActionRecord } from '@/api/schema.gen';
import { Panel } from '@/app/Page';
import { useNow } from '@/app/useNow';
import { StatusWord } from '@/components/StatusWord';
import { useFormat } from '@/i18n/format';
import { useSentence } from '@/i18n/sentences';

import styles from './ActionHistory.module.css';

/** What people asked of a release: who, when, why, and what came of it. */
export function ActionHistory({ actions }: { actions: ActionRecord[] }) {
  const say = useSentence();
  const { t } = useTranslation('run');
  const format = useFormat();
  const now = useNow();
  return (
    <Panel title={t('history.title')}>
      <ol className={styles.list}>
        {actions.map((a) => (
          <li key={a.name} className={styles.item}>
            <div className={styles.line}>
              <b>{t(`action.${a.action}`)}</b>
              <span>{t('history.by', { name: a.by })}</span>
              <time dateTime={a.at} title={format.dateTime(a.at)} className="muted">
                {format.short(a.at, now)}
              </time>
              <StatusWord word={a.phase} />
            </div>
            {a.reason && <div className={styles.reason}>{a.reason}</div>}
            {a.target && <div className="muted">{t('history.target', { revision: a.target })}</div>}
            {a.message && <div>{say(a.message)}</div>}
            {a.report && a.report.length > 0 && (
              <details>
                <summary>{t('history.report')}</summary>
                <ol>
                  {a.report.map((line, i) => (
                    <li key={i}>{line}</li>
                  ))}
                </ol>
              </details>
            )}
          </li>
        ))}
      </ol>
    </Panel>
  );
}
