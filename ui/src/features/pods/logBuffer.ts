// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { LogLine } from '@/api/schema.gen';

/** Lines that are kept; older ones give way. */
export const capacity = 10_000;

/** The lines that are there, and how many gave way. */
export interface LogBuffer {
  lines: LogLine[];
  dropped: number;
}

export const emptyBuffer: LogBuffer = { lines: [], dropped: 0 };

/** Adds lines at the end and lets the oldest go; pure. */
export function append(buffer: LogBuffer, more: LogLine[], limit = capacity): LogBuffer {
  if (more.length === 0) return buffer;
  const all = [...buffer.lines, ...more];
  const over = Math.max(0, all.length - limit);
  return { lines: over > 0 ? all.slice(over) : all, dropped: buffer.dropped + over };
}

/** Cuts text into whole lines of NDJSON; rest is what has not ended yet. */
export function parse(text: string): { lines: LogLine[]; rest: string } {
  const parts = text.split('\n');
  const rest = parts.pop() ?? '';
  return { lines: parts.filter((p) => p.trim() !== '').map((p) => JSON.parse(p) as LogLine), rest };
}

/** The part of a list of equal rows that is seen, with some around it. */
export function windowOf(count: number, rowHeight: number, scrollTop: number, height: number): { from: number; to: number } {
  const spare = 20;
  const from = Math.max(0, Math.floor(scrollTop / rowHeight) - spare);
  const to = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + spare);
  return { from, to };
}
