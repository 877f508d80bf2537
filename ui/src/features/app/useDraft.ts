// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useCallback, useMemo, useSyncExternalStore } from 'react';

import type { App, ApplicationSpec } from '@/api/schema.gen';

import { same, standing, type Draft, type Standing } from './draft';
import { draftKey, keepDraft, readDraft } from './draftStore';

const listeners = new Set<() => void>();
const changed = () => listeners.forEach((l) => l());

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener('storage', listener); // another tab
  return () => {
    listeners.delete(listener);
    window.removeEventListener('storage', listener);
  };
}

export interface DraftState {
  /** What the person works on: the draft, or what is stored. */
  spec: ApplicationSpec;
  standing: Standing;
  /** Keeps a changed specification in the browser. */
  change: (spec: ApplicationSpec) => void;
  /** Goes back to what is stored. */
  discard: () => void;
  /** Says that the changes shall stand on top of what is stored now. */
  rebase: () => void;
}

/** The draft of an application. */
export function useDraft(app: App): DraftState {
  const key = draftKey(app.namespace, app.name);
  const text = useSyncExternalStore(subscribe, () => localStorage.getItem(key));
  const draft = useMemo(() => readDraft(text), [text]);
  const state = standing(draft, app.spec);

  const keep = useCallback(
    (next: Draft | null) => {
      keepDraft(localStorage, key, next, Date.now());
      changed();
    },
    [key],
  );
  return useMemo(
    () => ({
      spec: state === 'none' || !draft ? app.spec : draft.spec,
      standing: state,
      change: (spec) => {
        const base = state === 'none' || !draft ? app.spec : draft.base;
        keep(same(spec, app.spec) ? null : { base, spec });
      },
      discard: () => keep(null),
      rebase: () => draft && keep({ base: app.spec, spec: draft.spec }),
    }),
    [app.spec, draft, state, keep],
  );
}
