// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';

import { api, dataOf } from '@/api/client';
import { useActivity } from '@/features/run/queries';
import { useTopic } from '@/stream/StreamProvider';

/** The pods of an application, kept up to date. */
export function usePods(ns: string, app: string) {
  return useTopic(`pods:${ns}/${app}`, async (signal) =>
    dataOf(await api().GET('/apps/{ns}/{app}/pods', { params: { path: { ns, app } }, signal })),
  );
}

// What a pod uses is told by no stream; where a cluster tells it at all, it looks about this often itself.
const usageEvery = 15_000;

/** One pod with its events and its YAML; read anew when the stream tells of it, or of something that happened to the application. */
export function usePod(ns: string, app: string, pod: string) {
  const cache = useQueryClient();
  const listed = usePods(ns, app).data?.items.find((p) => p.name === pod);
  const happened = useActivity(ns, app).data;
  const seen = useRef({ listed, happened });

  useEffect(() => {
    const before = seen.current;
    seen.current = { listed, happened };
    if (before.listed !== listed || before.happened !== happened) void cache.invalidateQueries({ queryKey: ['pod', ns, app, pod] });
  }, [cache, ns, app, pod, listed, happened]);

  return useQuery({
    queryKey: ['pod', ns, app, pod],
    queryFn: async ({ signal }) => dataOf(await api().GET('/apps/{ns}/{app}/pods/{pod}', { params: { path: { ns, app, pod } }, signal })),
    refetchInterval: (query) => (query.state.data?.pod.cpu ? usageEvery : false),
  });
}
