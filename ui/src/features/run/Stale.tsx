// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { useNow } from '@/app/useNow';
import { Glyph } from '@/components/Glyph';
import { useFormat } from '@/i18n/format';
import { useStream } from '@/stream/StreamProvider';

import styles from './Stale.module.css';

/** Milliseconds without the stream after which what is shown may be old. */
const patience = 3000;

/** Greys what is shown while the page does not know whether it still holds. */
export function Stale({ children }: { children: ReactNode }) {
  const { t } = useTranslation('run');
  const { lostAt, lastEventAt } = useStream();
  const format = useFormat();
  const now = useNow();
  const stale = lostAt !== null && now.getTime() - lostAt >= patience;
  return (
    <div className={styles.frame} data-stale={stale ? 'yes' : 'no'}>
      {stale && (
        <p className={styles.word}>
          <Glyph name="clock" size={14} /> {t('stale.shown', { ago: format.ago(new Date(lastEventAt ?? lostAt), now) })}
        </p>
      )}
      {children}
    </div>
  );
}
