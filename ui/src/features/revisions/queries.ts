// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';

import { api, dataOf } from '@/api/client';
import type { DiffSide, Overview, RevisionRollback } from '@/api/schema.gen';
import { useAppChanged } from '@/features/app/queries';

/** Revisions, the newest first; read anew when the overview tells of another run or of another state. */
export function useRevisions(ns: string, app: string, overview: Overview | undefined) {
  return useQuery({
    queryKey: ['revisions', ns, app, 'list', overview?.run?.id, overview?.run?.state],
    queryFn: async ({ signal }) => dataOf(await api().GET('/apps/{ns}/{app}/revisions', { params: { path: { ns, app } }, signal })).items,
    placeholderData: keepPreviousData,
  });
}

/** One revision with what changed against the one before it. */
export function useRevision(ns: string, app: string, revision: string | undefined) {
  return useQuery({
    queryKey: ['revisions', ns, app, 'one', revision],
    queryFn: async ({ signal }) =>
      dataOf(await api().GET('/apps/{ns}/{app}/revisions/{revision}', { params: { path: { ns, app, revision: revision ?? '' } }, signal })),
    enabled: Boolean(revision),
    staleTime: 60_000,
  });
}

/** What differs between two sides. */
export function useDiff(ns: string, app: string, left: DiffSide | null, right: DiffSide | null) {
  return useQuery({
    queryKey: ['revisions', ns, app, 'diff', left, right],
    queryFn: async ({ signal }) => {
      if (!left || !right) throw new Error('a difference has two sides');
      return dataOf(await api().POST('/apps/{ns}/{app}/diff', { params: { path: { ns, app } }, body: { left, right }, signal }));
    },
    enabled: left !== null && right !== null,
  });
}

/** Releases an older revision again. */
export function useRollbackTo(ns: string, app: string, revision: string) {
  const changed = useAppChanged(ns, app);
  return useMutation({
    mutationFn: async (body: RevisionRollback) =>
      dataOf(await api().POST('/apps/{ns}/{app}/revisions/{revision}/rollback', { params: { path: { ns, app, revision } }, body })),
    onSettled: changed,
  });
}
