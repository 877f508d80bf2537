// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { api, dataOf } from '@/api/client';
import type { ActionRequest, Overview } from '@/api/schema.gen';
import { useAppChanged } from '@/features/app/queries';
import { useTopic } from '@/stream/StreamProvider';

/** One release, kept up to date. */
export function useRun(ns: string, app: string, run: string) {
  return useTopic(`run:${ns}/${app}/${run}`, async (signal) =>
    dataOf(await api().GET('/apps/{ns}/{app}/runs/{run}', { params: { path: { ns, app, run } }, signal })),
  );
}

/** All releases, the newest first; read anew when the overview tells of another one or of another state. */
export function useRuns(ns: string, app: string, overview: Overview | undefined) {
  return useQuery({
    queryKey: ['runs', ns, app, overview?.run?.id, overview?.run?.state],
    queryFn: async ({ signal }) => dataOf(await api().GET('/apps/{ns}/{app}/runs', { params: { path: { ns, app } }, signal })).items,
    placeholderData: keepPreviousData,
  });
}

/** What happened to an application, the newest first, kept up to date. */
export function useActivity(ns: string, app: string) {
  return useTopic(`activity:${ns}/${app}`, async (signal) =>
    dataOf(await api().GET('/activity', { params: { query: { ns, app, limit: 100 } }, signal })),
  );
}

/** Addresses that an application answers at. */
export function useEndpoints(ns: string, app: string) {
  return useQuery({
    queryKey: ['endpoints', ns, app],
    queryFn: async ({ signal }) => dataOf(await api().GET('/apps/{ns}/{app}/endpoints', { params: { path: { ns, app } }, signal })).items,
    staleTime: 30_000,
  });
}

/** Asks something of a release; what came of it, or why not, is read anew in both cases. */
export function useAct(ns: string, app: string, run: string) {
  const cache = useQueryClient();
  const changed = useAppChanged(ns, app);
  return useMutation({
    mutationFn: async (body: ActionRequest) =>
      dataOf(await api().POST('/apps/{ns}/{app}/runs/{run}/actions', { params: { path: { ns, app, run } }, body })),
    onSettled: () => {
      changed();
      void cache.invalidateQueries({ queryKey: ['topic', `run:${ns}/${app}/${run}`] });
    },
  });
}
