// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Button } from 'antd';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { LogLine } from '@/api/schema.gen';
import { ProblemAlert } from '@/components/Problem';
import { useFormat } from '@/i18n/format';

import { pieces, plain } from './ansi';
import { windowOf } from './logBuffer';
import styles from './LogView.module.css';
import { useLogs, type LogFilter } from './useLogs';

const rowHeight = 20;

/** Lines of logs as they come; looking back pauses, so that nothing moves away from under the eyes. */
export function LogView({ ns, app, filter, withPod = true }: { ns: string; app: string; filter: LogFilter; withPod?: boolean }) {
  const { t } = useTranslation('pods');
  const { t: common } = useTranslation();
  const format = useFormat();
  const [following, setFollowing] = useState(true);
  const logs = useLogs(ns, app, filter, !following);
  return (
    <div className={styles.view}>
      <div className={styles.tools}>
        <Button aria-pressed={following} onClick={() => setFollowing(!following)}>
          {following ? t('logs.pause') : t('logs.follow')}
        </Button>
        <Button onClick={() => download(logs.lines, `${app}.log`)} disabled={logs.lines.length === 0}>
          {t('logs.download')}
        </Button>
        <span role="status" className="muted">
          {t('logs.count', { count: logs.lines.length, lines: format.number(logs.lines.length) })}
          {logs.dropped > 0 && ` · ${t('logs.dropped', { count: logs.dropped, lines: format.number(logs.dropped) })}`}
          {logs.state === 'ended' && ` · ${t('logs.ended')}`}
          {!following && logs.state === 'reading' && ` · ${t('logs.paused')}`}
        </span>
        {logs.state === 'ended' && (
          <Button size="small" onClick={logs.again}>
            {common('refresh')}
          </Button>
        )}
      </div>
      {logs.error && <ProblemAlert error={logs.error} onRetry={logs.again} />}
      <Lines lines={logs.lines} following={following} onLookBack={() => setFollowing(false)} withPod={withPod} empty={logs.state !== 'reading'} />
    </div>
  );
}

interface LinesProps {
  lines: LogLine[];
  following: boolean;
  onLookBack: () => void;
  withPod: boolean;
  empty: boolean;
}

function Lines({ lines, following, onLookBack, withPod, empty }: LinesProps) {
  const { t } = useTranslation('pods');
  const box = useRef<HTMLDivElement>(null);
  const [scroll, setScroll] = useState({ top: 0, height: 600 });
  const { from, to } = windowOf(lines.length, rowHeight, scroll.top, scroll.height);

  useLayoutEffect(() => {
    if (following && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [following, lines]);

  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const measure = () => setScroll({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);

  const scrolled = () => {
    const element = box.current;
    if (!element) return;
    setScroll({ top: element.scrollTop, height: element.clientHeight });
    const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < rowHeight * 2;
    if (following && !atEnd && element.scrollTop < scroll.top) onLookBack();
  };

  return (
    // The box is scrolled by keys, so it takes the focus.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div ref={box} role="log" aria-live="off" aria-label={t('logs.title')} tabIndex={0} className={styles.box} onScroll={scrolled}>
      {lines.length === 0 && <p className={styles.none}>{empty ? t('logs.none') : t('logs.waiting')}</p>}
      <div className={styles.all} style={{ height: lines.length * rowHeight }}>
        <div className={styles.window} style={{ transform: `translateY(${from * rowHeight}px)` }}>
          {lines.slice(from, to).map((line, i) => (
            <Line key={from + i} line={line} withPod={withPod} />
          ))}
        </div>
      </div>
    </div>
  );
}

function Line({ line, withPod }: { line: LogLine; withPod: boolean }) {
  const { t } = useTranslation('pods');
  const format = useFormat();
  if (line.notice) {
    return (
      <div className={`${styles.line} ${styles.notice}`}>
        {t(`logs.notice.${line.notice}`, { pod: line.pod })} {plain(line.text)}
      </div>
    );
  }
  return (
    <div className={styles.line} data-role={line.role}>
      {line.at && (
        <time dateTime={line.at} title={format.dateTime(line.at)}>
          {clock(new Date(line.at))}
        </time>
      )}
      {withPod && (
        <span className={`${styles.pod} ${line.role === 'canary' ? styles.canary : styles.stable}`} title={`${line.pod} ${line.container}`}>
          {line.pod}
        </span>
      )}
      <span>
        {pieces(line.text).map((p, i) => (
          <span key={i} className={[p.colour === null ? '' : styles[`c${p.colour}`], p.bold ? styles.bold : ''].join(' ') || undefined}>
            {p.text}
          </span>
        ))}
      </span>
    </div>
  );
}

/** The time of day where the person is, to the millisecond. */
function clock(at: Date): string {
  return `${at.toTimeString().slice(0, 8)}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

function download(lines: LogLine[], name: string): void {
  const text = lines.map((l) => [l.at, l.pod, l.container, plain(l.text)].filter(Boolean).join(' ')).join('\n');
  const url = URL.createObjectURL(new Blob([text, '\n'], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
