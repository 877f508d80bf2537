// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { keepPreviousData, useQuery } from '@tanstack/react-query';

import { api, dataOf } from '@/api/client';
import type { CanaryRequest } from '@/api/schema.gen';

/** The most batches that the dialog offers. */
export const mostBatches = 20;

/** What the dialog begins with. */
export const usual: CanaryRequest = { batches: 3, approvals: 'manual' };

/** The steps that a setting makes, and what they mean in pods; nothing is saved by asking. */
export function useCanary(ns: string, app: string, request: CanaryRequest | null) {
  return useQuery({
    queryKey: ['canary', ns, app, request],
    queryFn: async ({ signal }) =>
      dataOf(await api().POST('/apps/{ns}/{app}/generate-canary', { params: { path: { ns, app } }, body: request ?? {}, signal })),
    enabled: request !== null,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    retry: false,
  });
}

/** A setting as it stands in an address. */
export function writeRequest(request: CanaryRequest): string {
  return JSON.stringify(request);
}

/** The setting that an address carries; null where there is none that can be read. */
export function readRequest(text: string | null): CanaryRequest | null {
  if (!text) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
