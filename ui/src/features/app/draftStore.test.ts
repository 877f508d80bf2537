// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { expect, test } from 'vitest';

import type { Draft } from './draft';
import { draftKey, keepDraft, mostDrafts, readDraft } from './draftStore';

const draft: Draft = { base: { components: [] }, spec: { components: [{ name: 'a', type: 'webservice' }] } };
const kept = () => Object.keys(localStorage).filter((k) => k.startsWith('velaux.draft.'));

test('a draft is read as it was kept; one of a form that this page does not know is none', () => {
  const key = draftKey('default', 'a');
  keepDraft(localStorage, key, draft, 1);
  expect(readDraft(localStorage.getItem(key))).toMatchObject(draft);
  expect(readDraft(JSON.stringify({ ...draft, version: 2 }))).toBeNull();
  expect(readDraft(JSON.stringify(draft)), 'from before drafts had a version').toMatchObject(draft);
  keepDraft(localStorage, key, null, 2);
  expect(kept()).toEqual([]);
});

test('of too many drafts the one that was changed longest ago goes', () => {
  for (let i = 0; i < mostDrafts; i++) keepDraft(localStorage, draftKey('ns', `a${i}`), draft, 1000 - i);
  keepDraft(localStorage, draftKey('ns', 'new'), draft, 2000);
  expect(kept()).toHaveLength(mostDrafts);
  expect(localStorage.getItem(draftKey('ns', `a${mostDrafts - 1}`))).toBeNull();
  expect(localStorage.getItem(draftKey('ns', 'a0'))).not.toBeNull();
});

test('where the browser has no room older drafts make it, and nothing else', () => {
  localStorage.setItem('velaux.theme', 'dark');
  keepDraft(localStorage, draftKey('ns', 'old'), draft, 1);
  const full: Storage = Object.create(localStorage, {
    length: { get: () => localStorage.length },
    key: { value: (i: number) => localStorage.key(i) },
    getItem: { value: (k: string) => localStorage.getItem(k) },
    removeItem: { value: (k: string) => localStorage.removeItem(k) },
    setItem: {
      value: (k: string, v: string) => {
        if (kept().length > 0) throw new DOMException('full', 'QuotaExceededError');
        localStorage.setItem(k, v);
      },
    },
  }) as Storage;
  keepDraft(full, draftKey('ns', 'new'), draft, 2);
  expect(kept()).toEqual([draftKey('ns', 'new')]);
  expect(localStorage.getItem('velaux.theme')).toBe('dark');
});
