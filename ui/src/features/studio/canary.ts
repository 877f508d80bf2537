// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { keepPreviousData, useQuery } from '@tanstack/react-query';

import { api, dataOf } from '@/api/client';
import type { CanaryRequest, WorkflowStep } from '@/api/schema.gen';

import { approvalStep, weightOf } from './steps';

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

/** Steps with aliases in the language of the page, counted as people count them; the prepare step is no batch. */
export function named(steps: WorkflowStep[], words: { batch: (n: number) => string; approval: (n: number) => string; prepare: string }): WorkflowStep[] {
  let batches = 0;
  let approvals = 0;
  const alias = (step: WorkflowStep): string | undefined => {
    const weight = weightOf(step);
    if (weight === 0) return words.prepare;
    if (weight !== undefined) return words.batch(++batches);
    return step.type === approvalStep ? words.approval(++approvals) : step.meta?.alias;
  };
  return steps.map((step) => ({ ...step, meta: { ...step.meta, alias: alias(step) }, ...(step.subSteps ? { subSteps: named(step.subSteps, words) } : {}) }));
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
