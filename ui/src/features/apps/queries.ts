// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useQuery } from '@tanstack/react-query';

import { api, dataOf } from '@/api/client';
import { useTopic } from '@/stream/StreamProvider';

/** The most applications that one list brings. */
export const listLimit = 500;

/** Applications of a namespace, or of all that the person may see, kept up to date. */
export function useApps(ns: string | undefined) {
  return useTopic(`apps:${ns ?? '*'}`, async (signal) =>
    dataOf(await api().GET('/apps', { params: { query: { ns, limit: listLimit } }, signal })),
  );
}

/** Where applications can be. */
export function useEnvironments() {
  return useQuery({
    queryKey: ['environments'],
    queryFn: async ({ signal }) => dataOf(await api().GET('/environments', { signal })).items,
    staleTime: 60_000,
  });
}
