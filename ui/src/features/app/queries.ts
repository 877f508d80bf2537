// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';

import { api, dataOf } from '@/api/client';
import { useTopic } from '@/stream/StreamProvider';

/** How an application is, kept up to date. */
export function useOverview(ns: string, app: string) {
  return useTopic(`app:${ns}/${app}`, async (signal) =>
    dataOf(await api().GET('/apps/{ns}/{app}/overview', { params: { path: { ns, app } }, signal })),
  );
}

export const appKey = (ns: string, app: string) => ['app', ns, app] as const;

/** An application with its specification. */
export function useApp(ns: string, app: string) {
  return useQuery({
    queryKey: appKey(ns, app),
    queryFn: async ({ signal }) => dataOf(await api().GET('/apps/{ns}/{app}', { params: { path: { ns, app } }, signal })),
  });
}

/** Reads an application anew, past the cache. */
export async function readApp(cache: QueryClient, ns: string, app: string) {
  const fresh = dataOf(await api().GET('/apps/{ns}/{app}', { params: { path: { ns, app } } }));
  cache.setQueryData(appKey(ns, app), fresh);
  return fresh;
}

export const workflowsKey = (ns: string, app: string) => ['workflows', ns, app] as const;

/** The workflows that an application can be deployed with. */
export function useWorkflows(ns: string, app: string) {
  return useQuery({
    queryKey: workflowsKey(ns, app),
    queryFn: async ({ signal }) => dataOf(await api().GET('/apps/{ns}/{app}/workflows', { params: { path: { ns, app } }, signal })).items,
  });
}

/** Gives a function that makes everything read anew that a change of the application touches. */
export function useAppChanged(ns: string, app: string): () => void {
  const cache = useQueryClient();
  return () => {
    for (const queryKey of [appKey(ns, app), workflowsKey(ns, app), ['topic', `app:${ns}/${app}`], ['runs', ns, app], ['revisions', ns, app]]) {
      void cache.invalidateQueries({ queryKey });
    }
  };
}
