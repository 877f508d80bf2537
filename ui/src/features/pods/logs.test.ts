// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';

import { logLine } from '@/test/pods';

import { pieces, plain } from './ansi';
import { append, emptyBuffer, parse, windowOf } from './logBuffer';

describe('a line of a log', () => {
  test('keeps its colours and its weight', () => {
    expect(pieces('a \u001b[1;31mb\u001b[0m c')).toEqual([
      { text: 'a ', colour: null, bold: false },
      { text: 'b', colour: 1, bold: true },
      { text: ' c', colour: null, bold: false },
    ]);
  });

  test.each([
    ['moves the cursor and clears the screen', 'x\u001b[2J\u001b[1;1Hy', 'xy'],
    ['sets the window title', 'x\u001b]0;owned\u0007y', 'xy'],
    ['makes a link', '\u001b]8;;http://evil.test\u001b\\click\u001b]8;;\u001b\\', 'click'],
    ['goes back and beeps', 'pass\b\b\b\bxxxx\u0007', 'passxxxx'],
    ['uses colours of a palette', '\u001b[38;5;196mred\u001b[48;2;1;2;3mx', 'redx'],
    ['ends within a sequence', 'x\u001b[31', 'x[31'],
    ['holds markup', '<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
  ])('that %s is nothing but text', (_, line, want) => {
    expect(plain(line)).toBe(want);
  });
});

describe('lines that come', () => {
  test('in pieces are put together', () => {
    const text = `${JSON.stringify(logLine)}\n`;
    const first = parse(text.slice(0, 30));
    expect(first).toEqual({ lines: [], rest: text.slice(0, 30) });
    expect(parse(first.rest + text.slice(30))).toEqual({ lines: [logLine], rest: '' });
  });

  test('push the oldest out, and how many is told', () => {
    const line = (n: number) => ({ ...logLine, text: String(n) });
    const full = append(append(emptyBuffer, [line(1), line(2), line(3)], 3), [line(4), line(5)], 3);
    expect(full.lines.map((l) => l.text)).toEqual(['3', '4', '5']);
    expect(full.dropped).toBe(2);
  });

  test('are in the page only where they are seen', () => {
    expect(windowOf(10_000, 20, 100_000, 600)).toEqual({ from: 4980, to: 5050 });
    expect(windowOf(3, 20, 0, 600)).toEqual({ from: 0, to: 3 });
  });
});
