// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

import type { Activity } from '@/api/schema.gen';
import { paths } from '@/app/paths';
import { useNow } from '@/app/useNow';
import { useFormat } from '@/i18n/format';
import { useSentence } from '@/i18n/sentences';

import styles from './ActivityList.module.css';
import { Glyph } from './Glyph';

/** What happened, the newest first: who did it, what came of it, in their words where they said why. */
export function ActivityList({ items, withApp = true }: { items: Activity[]; withApp?: boolean }) {
  const say = useSentence();
  const { t } = useTranslation('status');
  const format = useFormat();
  const now = useNow();
  return (
    <ol className={styles.list}>
      {items.map((a) => (
        <li key={a.id} className={styles.item}>
          <Glyph name={a.type === 'Warning' ? 'alert' : 'dot'} tone={a.type === 'Warning' ? 'failed' : a.by ? 'stable' : 'plain'} size={14} />
          <div className={styles.body}>
            <div>
              {withApp && a.app && (
                <>
                  <Link to={a.run ? paths.run(a.namespace, a.app, a.run) : paths.app(a.namespace, a.app)}>{a.app}</Link>{' '}
                </>
              )}
              <span className={styles.message}>{say(a.message)}</span>
            </div>
            {a.note && <div className={styles.note}>{a.note}</div>}
            <div className={styles.facts}>
              <time dateTime={a.at} title={format.dateTime(a.at)}>
                {format.ago(a.at, now)}
              </time>
              {a.by && <span>{t('step.by', { name: a.by })}</span>}
              {a.object && <span className="mono">{a.object}</span>}
              {a.count !== undefined && a.count > 1 && <span>{`× ${a.count}`}</span>}
            </div>
          </div>
        </li>
      ))}
    </ol>
  );
}
