// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { api, dataOf } from '@/api/client';
import type { WorkflowInput } from '@/api/schema.gen';
import { workflowsKey } from '@/features/app/queries';

const workflowKey = (ns: string, app: string, workflow: string) => ['workflow', ns, app, workflow] as const;

/** One workflow; none while the name is null. */
export function useWorkflow(ns: string, app: string, workflow: string | null) {
  return useQuery({
    queryKey: workflowKey(ns, app, workflow ?? ''),
    queryFn: async ({ signal }) =>
      dataOf(await api().GET('/apps/{ns}/{app}/workflows/{workflow}', { params: { path: { ns, app, workflow: workflow ?? '' } }, signal })),
    enabled: workflow !== null,
    refetchOnWindowFocus: false, // what is being edited must not change under the hand
    staleTime: Infinity,
  });
}

/** Saves a workflow: a new one where it has no resourceVersion. */
export function useSaveWorkflow(ns: string, app: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async (body: WorkflowInput) => {
      if (body.resourceVersion === undefined) {
        return dataOf(await api().POST('/apps/{ns}/{app}/workflows', { params: { path: { ns, app } }, body }));
      }
      return dataOf(await api().PUT('/apps/{ns}/{app}/workflows/{workflow}', { params: { path: { ns, app, workflow: body.name } }, body }));
    },
    onSuccess: (saved) => {
      cache.setQueryData(workflowKey(ns, app, saved.name), saved);
      void cache.invalidateQueries({ queryKey: workflowsKey(ns, app) });
    },
  });
}

/** Deletes a saved workflow; runs that began with it go on. */
export function useDeleteWorkflow(ns: string, app: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async (workflow: string) => {
      await api().DELETE('/apps/{ns}/{app}/workflows/{workflow}', { params: { path: { ns, app, workflow } } });
      return workflow;
    },
    onSuccess: (workflow) => {
      cache.removeQueries({ queryKey: workflowKey(ns, app, workflow) });
      void cache.invalidateQueries({ queryKey: workflowsKey(ns, app) });
    },
  });
}
