// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { Button } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api, dataOf } from '@/api/client';
import { asProblem, type ProblemError } from '@/api/problem';
import type { ExecMessage } from '@/api/schema.gen';
import { ProblemAlert } from '@/components/Problem';
import { styleNonce } from '@/theme/ThemeProvider';

import styles from './Shell.module.css';
import { withNonce } from './withNonce';

interface Props {
  ns: string;
  app: string;
  pod: string;
  container: string;
  onAgain: () => void;
}

/** How a shell ended: by itself, by the connection, or it was never there. */
type End = { kind: 'exit'; code: number } | { kind: 'lost' } | { kind: 'refused'; error: ProblemError };

/** A shell in a container, over a WebSocket that a ticket opens once. */
export default function Shell({ ns, app, pod, container, onAgain }: Props) {
  const { t } = useTranslation('pods');
  const host = useRef<HTMLDivElement>(null);
  const [end, setEnd] = useState<End | null>(null);

  useEffect(() => {
    const element = host.current;
    if (!element) return undefined;
    const terminal = new Terminal({ cursorBlink: false, fontSize: 13, scrollback: 5000, screenReaderMode: true, theme: colours(element) });
    const fit = new FitAddon();
    terminal.loadAddon(fit);
    withNonce(document, styleNonce(), () => terminal.open(element));
    fit.fit();
    terminal.focus();
    const stop = connect(terminal, { ns, app, pod, container }, setEnd);
    const observer = new ResizeObserver(() => fit.fit());
    observer.observe(element);
    const repaint = new MutationObserver(() => {
      terminal.options.theme = colours(element);
    });
    repaint.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    return () => {
      repaint.disconnect();
      observer.disconnect();
      stop();
      terminal.dispose();
    };
  }, [ns, app, pod, container]);

  return (
    <div className={styles.shell}>
      {end?.kind === 'refused' && <ProblemAlert error={end.error} />}
      {end && end.kind !== 'refused' && <p role="status">{end.kind === 'exit' ? t('shell.exit', { code: end.code }) : t('shell.lost')}</p>}
      {end && (
        <p>
          <Button onClick={onAgain}>{t('shell.again')}</Button>
        </p>
      )}
      <div ref={host} role="application" aria-label={t('shell.label', { container, pod })} className={styles.terminal} />
      <p className="muted">{t('shell.hint')}</p>
    </div>
  );
}

/** Asks for a ticket, opens the socket and joins it with the terminal; returns what ends it. */
function connect(terminal: Terminal, at: { ns: string; app: string; pod: string; container: string }, onEnd: (end: End) => void): () => void {
  let socket: WebSocket | null = null;
  let left = false;
  const ended = (end: End) => {
    if (!left) onEnd(end);
    left = true;
  };
  const open = (path: string) => {
    const url = new URL(path, window.location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) => {
      if (typeof data !== 'string') return terminal.write(new Uint8Array(data));
      const message = JSON.parse(data) as ExecMessage;
      if (message.kind === 'exit') ended({ kind: 'exit', code: message.exitCode ?? 0 });
      if (message.kind === 'error') ended({ kind: 'refused', error: asProblem(new Error(message.message)) });
    };
    socket.onclose = () => ended({ kind: 'lost' });
  };
  const send = (data: string | Uint8Array<ArrayBuffer>) => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(data);
  };
  const bytes = new TextEncoder();
  terminal.onData((text) => send(bytes.encode(text)));
  terminal.onResize(({ cols, rows }) => send(JSON.stringify({ kind: 'resize', columns: cols, rows } satisfies ExecMessage)));
  const { container, ...path } = at;
  api()
    .POST('/apps/{ns}/{app}/pods/{pod}/exec-tickets', { params: { path }, body: { container, columns: terminal.cols, rows: terminal.rows } })
    .then((answer) => {
      if (!left) open(dataOf(answer).path);
    })
    .catch((error: unknown) => ended({ kind: 'refused', error: asProblem(error) }));
  return () => {
    left = true;
    socket?.close();
  };
}

function colours(element: Element) {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(name).trim();
  return { background: of('--surface'), foreground: of('--text'), cursor: of('--text'), selectionBackground: of('--line-strong') };
}
