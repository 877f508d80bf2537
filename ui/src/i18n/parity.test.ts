// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';

import en from './en';
import zh from './zh';

type Texts = { [key: string]: string | Texts };

/** All texts by dotted key. */
function flat(texts: Texts, prefix = ''): Map<string, string> {
  const all = new Map<string, string>();
  for (const [key, value] of Object.entries(texts)) {
    if (typeof value === 'string') all.set(prefix + key, value);
    else for (const [k, v] of flat(value, `${prefix}${key}.`)) all.set(k, v);
  }
  return all;
}

const stem = (key: string) => key.replace(/_(one|other)$/, '');
const slots = (text: string) => [...new Set([...text.matchAll(/\{\{\s*(\w+)[^}]*\}\}|<(\w+)>/g)].map((m) => m[1] ?? m[2]))].sort();

test('both languages have the same files', () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
});

describe.each(Object.keys(en) as (keyof typeof en)[])('%s', (ns) => {
  const english = flat(en[ns]);
  const chinese = flat(zh[ns]);

  test('has the same keys in both languages', () => {
    const stems = (m: Map<string, string>) => [...new Set([...m.keys()].map(stem))].sort();
    expect(stems(chinese)).toEqual(stems(english));
  });

  test('has no empty text, and a plural has both its English forms', () => {
    for (const [key, text] of [...english, ...chinese]) expect(text.trim(), key).not.toBe('');
    for (const key of english.keys()) {
      if (key.endsWith('_one')) expect(english.has(`${stem(key)}_other`), `${key} needs _other`).toBe(true);
    }
    for (const key of chinese.keys()) expect(key, 'Chinese has one plural form').not.toMatch(/_one$/);
  });

  test('names the same values in both languages', () => {
    for (const [key, text] of chinese) {
      const other = english.get(key) ?? english.get(stem(key)) ?? '';
      expect(slots(text), key).toEqual(slots(other));
    }
  });
});
