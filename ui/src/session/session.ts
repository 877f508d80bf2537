// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { api, dataOf } from '@/api/client';
import { ProblemError } from '@/api/problem';
import type { LoginRequest, Me } from '@/api/schema.gen';

const key = ['me'] as const;

/** Who is signed in; null when nobody is. */
export function useMe() {
  return useQuery<Me | null>({
    queryKey: key,
    queryFn: async ({ signal }) => {
      try {
        return dataOf(await api().GET('/me', { signal }));
      } catch (error) {
        if (error instanceof ProblemError && error.code === 'signed-out') return null;
        throw error;
      }
    },
    staleTime: 60_000,
  });
}

/** The ways to sign in that this server offers. */
export function useProviders() {
  return useQuery({
    queryKey: ['providers'],
    queryFn: async ({ signal }) => dataOf(await api().GET('/auth/providers', { signal })).providers,
    staleTime: Infinity,
  });
}

/** Signs in; the cookie stays out of reach of scripts, only the person comes back. */
export function useLogin() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async (body: LoginRequest) => dataOf(await api().POST('/auth/login', { body })),
    onSuccess: (me) => cache.setQueryData(key, me),
  });
}

/** Signs out and forgets everything that was read. */
export function useLogout() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async () => {
      await api().POST('/auth/logout', { body: {} });
    },
    onSuccess: () => {
      cache.clear();
      cache.setQueryData(key, null);
    },
  });
}
