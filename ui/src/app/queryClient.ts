// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';

import { ProblemError } from '@/api/problem';

declare module '@tanstack/react-query' {
  interface Register {
    defaultError: ProblemError;
  }
}

/** The cache of what the server said; the only store there is. */
export function makeQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: (error) => endSession(client, error) }),
    mutationCache: new MutationCache({ onError: (error) => endSession(client, error) }),
    defaultOptions: {
      queries: { staleTime: 10_000, retry: (count, error) => count < 2 && passing(error) },
      mutations: { retry: false },
    },
  });
  return client;
}

/** Says whether asking again may help. */
function passing(error: unknown): boolean {
  return !(error instanceof ProblemError) || error.code === 'network' || error.code === 'unavailable' || error.status >= 502;
}

/** A session that ended sends the person to the login page, from wherever it is noticed. */
function endSession(client: QueryClient, error: unknown): void {
  if (error instanceof ProblemError && error.code === 'signed-out') client.setQueryData(['me'], null);
}
