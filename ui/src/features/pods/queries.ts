// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useQuery } from '@tanstack/react-query';

import { api, dataOf } from '@/api/client';
import { useTopic } from '@/stream/StreamProvider';

/** The pods of an application, kept up to date. */
export function usePods(ns: string, app: string) {
  return useTopic(`pods:${ns}/${app}`, async (signal) =>
    dataOf(await api().GET('/apps/{ns}/{app}/pods', { params: { path: { ns, app } }, signal })),
  );
}

/** One pod with its events and its YAML; read anew while the page is open, since events are on no topic. */
export function usePod(ns: string, app: string, pod: string) {
  return useQuery({
    queryKey: ['pod', ns, app, pod],
    queryFn: async ({ signal }) => dataOf(await api().GET('/apps/{ns}/{app}/pods/{pod}', { params: { path: { ns, app, pod } }, signal })),
    refetchInterval: 10_000,
  });
}
