// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { parseDraft, type Draft } from './draft';

/** The form of what is kept; another one is not read. */
const version = 1;
const prefix = 'velaux.draft.';

/** How many drafts a browser keeps; of more, those that were changed longest ago go. */
export const mostDrafts = 50;

interface Kept {
  version?: number;
  /** When it was changed, in milliseconds. */
  at?: number;
}

export const draftKey = (namespace: string, name: string) => `${prefix}${namespace}/${name}`;

/** Reads a kept draft; none where there is none, or one of another form. */
export function readDraft(text: string | null): Draft | null {
  const draft: (Draft & Kept) | null = parseDraft(text);
  return draft && (draft.version ?? version) === version ? draft : null;
}

/** Keeps a draft; null takes it away. Where the browser has no room, older drafts of other applications make it. */
export function keepDraft(storage: Storage, key: string, draft: Draft | null, now: number): void {
  if (draft === null) return storage.removeItem(key);
  const text = JSON.stringify({ version, at: now, base: draft.base, spec: draft.spec });
  const older = olderThan(storage, key);
  for (const gone of older.slice(0, Math.max(0, older.length + 1 - mostDrafts))) storage.removeItem(gone);
  for (;;) {
    try {
      return storage.setItem(key, text);
    } catch (full) {
      const next = olderThan(storage, key)[0];
      if (next === undefined) throw full;
      storage.removeItem(next);
    }
  }
}

/** The keys of all other drafts, oldest first. */
function olderThan(storage: Storage, key: string): string[] {
  const keys = Array.from({ length: storage.length }, (_, i) => storage.key(i) ?? '').filter((k) => k.startsWith(prefix) && k !== key);
  const at = new Map(keys.map((k) => [k, (parseDraft(storage.getItem(k)) as Kept | null)?.at ?? 0]));
  return keys.sort((a, b) => (at.get(a) ?? 0) - (at.get(b) ?? 0));
}
