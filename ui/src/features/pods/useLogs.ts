// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useRef, useState } from 'react';

import { apiBase } from '@/api/client';
import { asProblem, problemOf, type ProblemError } from '@/api/problem';
import type { LogLine } from '@/api/schema.gen';

import { append, emptyBuffer, parse, type LogBuffer } from './logBuffer';

/** What of the logs is wanted. */
export interface LogFilter {
  pod?: string;
  container?: string;
  revision?: string;
  q?: string;
  previous?: boolean;
}

export interface Logs extends LogBuffer {
  state: 'reading' | 'ended' | 'failed';
  error: ProblemError | null;
}

/** Milliseconds between two updates of the page, however fast lines come. */
const every = 400;
const tail = 500;

function address(ns: string, app: string, filter: LogFilter): string {
  const query = new URLSearchParams({ follow: String(!filter.previous), tail: String(tail) });
  for (const name of ['pod', 'container', 'revision', 'q'] as const) {
    const value = filter[name];
    if (value) query.set(name, value);
  }
  if (filter.previous) query.set('previous', 'true');
  return `${apiBase()}/apps/${encodeURIComponent(ns)}/${encodeURIComponent(app)}/logs?${query}`;
}

/** Follows logs. While paused nothing is read, so that the server sends nothing either. */
export function useLogs(ns: string, app: string, filter: LogFilter, paused: boolean): Logs & { again: () => void } {
  const url = address(ns, app, filter);
  const [round, setRound] = useState(0);
  const key = `${url} ${round}`;
  const [held, setHeld] = useState<{ key: string; logs: Logs }>({ key: '', logs: fresh });
  const gate = useRef(new Gate());
  const logs = held.key === key ? held.logs : fresh;

  useEffect(() => {
    gate.current.set(!paused);
  }, [paused]);

  useEffect(() => {
    const stop = new AbortController();
    let waiting: LogLine[] = [];
    const show = (change: Partial<Logs> = {}) => {
      if (stop.signal.aborted) return;
      const more = waiting;
      waiting = [];
      setHeld((before) => {
        const now = before.key === key ? before.logs : fresh;
        return { key, logs: { ...now, ...append(now, more), ...change } };
      });
    };
    const timer = window.setInterval(() => {
      if (waiting.length > 0) show();
    }, every);
    read(url, gate.current, stop.signal, (lines) => waiting.push(...lines)).then(
      () => show({ state: 'ended' }),
      (error: unknown) => show({ state: 'failed', error: asProblem(error) }),
    );
    return () => {
      stop.abort();
      window.clearInterval(timer);
    };
  }, [url, key]);

  return { ...logs, again: () => setRound((n) => n + 1) };
}

const fresh: Logs = { ...emptyBuffer, state: 'reading', error: null };

/** Lets through while it is open. */
class Gate {
  private open = true;
  private wake: (() => void)[] = [];

  set(open: boolean): void {
    this.open = open;
    if (!open) return;
    for (const w of this.wake) w();
    this.wake = [];
  }

  async pass(): Promise<void> {
    while (!this.open) await new Promise<void>((wake) => this.wake.push(wake));
  }
}

async function read(url: string, gate: Gate, signal: AbortSignal, onLines: (lines: LogLine[]) => void): Promise<void> {
  const response = await fetch(url, { signal, credentials: 'same-origin' });
  if (!response.ok) throw await problemOf(response);
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    await gate.pass();
    const { value, done } = await reader.read();
    if (done) break;
    const parsed = parse(rest + value);
    rest = parsed.rest;
    onLines(parsed.lines);
  }
  if (rest.trim() !== '') onLines(parse(`${rest}\n`).lines);
}
