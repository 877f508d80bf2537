// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useMutation, useQueryClient } from '@tanstack/react-query';

import { api, dataOf } from '@/api/client';
import { ProblemError } from '@/api/problem';
import type { App, Run } from '@/api/schema.gen';
import { same } from '@/features/app/draft';
import { readApp, useAppChanged } from '@/features/app/queries';
import type { DraftState } from '@/features/app/useDraft';

export interface Choice {
  workflow: string;
  note: string;
  /** Even though another release has not ended. */
  supersede?: boolean;
}

/** The controller writes status all the time, which changes the resourceVersion: so often is it tried with the newest one. */
const tries = 4;

/**
 * Publishes the draft, or what is stored where there is none. Refuses with 'conflict' if the stored specification is not the one
 * that the person saw; a version number that moved for another reason is no conflict.
 */
export function useDeploy(app: App, draft: DraftState, onStarted: (run: Run) => void) {
  const cache = useQueryClient();
  const changed = useAppChanged(app.namespace, app.name);
  const path = { ns: app.namespace, app: app.name };
  return useMutation({
    mutationFn: async ({ workflow, note, supersede }: Choice): Promise<Run> => {
      for (let attempt = 1; ; attempt++) {
        const fresh = await readApp(cache, path.ns, path.app);
        if (!same(fresh.spec, app.spec)) throw new ProblemError({ status: 409, code: 'conflict' });
        try {
          return dataOf(
            await api().POST('/apps/{ns}/{app}/deployments', {
              params: { path },
              body: {
                workflow,
                resourceVersion: fresh.resourceVersion,
                ...(draft.standing === 'none' ? {} : { spec: draft.spec }),
                ...(note.trim() === '' ? {} : { note: note.trim() }),
                ...(supersede ? { supersede } : {}),
              },
            }),
          );
        } catch (error) {
          const moved = error instanceof ProblemError && error.code === 'conflict';
          if (!moved || attempt >= tries) throw error;
        }
      }
    },
    onSuccess: (run) => {
      draft.discard();
      changed();
      onStarted(run);
    },
  });
}
