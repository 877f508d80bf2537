// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Button } from 'antd';
import { useTranslation } from 'react-i18next';

import { useFormat } from '@/i18n/format';
import { useStream } from '@/stream/StreamProvider';

import styles from './StreamBanner.module.css';
import { useNow } from './useNow';

/** Milliseconds that a loss may last before it is worth a word. */
const hiccup = 3000;

/** Says that the page is behind, or that a newer VelaUX is there. */
export function StreamBanner() {
  const { t } = useTranslation();
  const stream = useStream();
  const format = useFormat();
  const now = useNow();
  const lost = stream.lostAt !== null && now.getTime() - stream.lostAt >= hiccup;
  return (
    <div className={lost || stream.otherVersion ? styles.banner : undefined}>
      <span role="status">
        {lost && t('stream.banner')}
        {!lost && stream.otherVersion && t('stream.newVersion')}
      </span>
      {lost && stream.lastEventAt !== null && <span> {t('stream.updatedAgo', { ago: format.ago(new Date(stream.lastEventAt), now) })}</span>}
      {!lost && stream.otherVersion && (
        <Button size="small" onClick={() => window.location.reload()}>
          {t('reload')}
        </Button>
      )}
    </div>
  );
}

/** A dot and a word for how fresh the page is. */
export function LiveDot() {
  const { t } = useTranslation();
  const { phase } = useStream();
  if (phase === 'idle') return null;
  const state = phase === 'live' ? 'live' : phase === 'connecting' ? 'connecting' : 'stale';
  return (
    <span className={styles.dot} data-state={state}>
      <span aria-hidden="true" className={styles.mark} />
      {t(`stream.${state}`)}
    </span>
  );
}
