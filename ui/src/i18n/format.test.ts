// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';

import { formats } from './format';
import { negotiate } from './i18n';

const now = new Date('2026-11-29T12:00:00Z');

describe('time and numbers are written as the language writes them', () => {
  test.each([
    ['en', '2026-11-29T11:57:00Z', '3 minutes ago'],
    ['zh', '2026-11-29T11:57:00Z', '3分钟前'],
    ['en', '2026-11-27T12:00:00Z', '2 days ago'],
    ['en', '2026-11-29T12:00:00Z', 'now'],
  ] as const)('%s: %s is %s', (language, at, want) => {
    expect(formats(language).ago(at, now)).toBe(want);
  });

  test.each([
    ['en', 125_000, '2 min 5 sec'],
    ['zh', 125_000, '2分钟 5秒'],
    ['en', 0, '0 sec'],
    ['en', 90_061_000, '1 day 1 hr'],
    ['en', -5, '0 sec'],
  ] as const)('%s: %d ms last %s', (language, length, want) => {
    expect(formats(language).duration(length)).toBe(want);
  });

  test('a share keeps the digits it was asked for', () => {
    expect(formats('en').percent(33)).toBe('33%');
    expect(formats('en').percent(32.64, 1)).toBe('32.6%');
  });
});

describe('the language is what the person set, else what the browser asks for', () => {
  test.each([
    ['zh', ['en-GB'], 'zh'],
    [null, ['fr', 'zh-CN', 'en'], 'zh'],
    [null, ['fr', 'de'], 'en'],
    ['klingon', ['zh-Hant-TW'], 'zh'],
    [null, [], 'en'],
  ] as const)('stored %s, wanted %s: %s', (stored, wanted, want) => {
    expect(negotiate(stored, wanted)).toBe(want);
  });
});
