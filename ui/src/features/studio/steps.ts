// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { WorkflowStep } from '@/api/schema.gen';
import type { FormError } from '@/forms/validate';

export const canaryStep = 'canary-deploy';
export const approvalStep = 'suspend';

/** The share that a canary step asks for; undefined where it is none or says none. */
export function weightOf(step: WorkflowStep): number | undefined {
  const weight = step.type === canaryStep ? step.properties?.weight : undefined;
  return typeof weight === 'number' ? weight : undefined;
}

const stepName = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/**
 * What is wrong with steps before the server is asked: names are there once and are names, weights are from 0 to 100 and do not
 * fall. path is a JSON pointer into the list.
 */
export function problemsOf(steps: WorkflowStep[]): FormError[] {
  const found: FormError[] = [];
  const names = new Set<string>();
  let highest = -1;
  const look = (step: WorkflowStep, path: string) => {
    if (step.name === '') found.push({ path: `${path}/name`, code: 'required' });
    else if (!stepName.test(step.name)) found.push({ path: `${path}/name`, code: 'format' });
    else if (names.has(step.name)) found.push({ path: `${path}/name`, code: 'duplicate' });
    names.add(step.name);
    const weight = weightOf(step);
    if (weight !== undefined) {
      const at = `${path}/properties/weight`;
      if (weight < 0) found.push({ path: at, code: 'too-small', params: { limit: '0' } });
      else if (weight > 100) found.push({ path: at, code: 'too-large', params: { limit: '100' } });
      else if (weight < highest) found.push({ path: at, code: 'falling-weight' });
      highest = Math.max(highest, weight);
    }
    step.subSteps?.forEach((sub, i) => look(sub, `${path}/subSteps/${i}`));
  };
  steps.forEach((step, i) => look(step, `/${i}`));
  return found;
}

/** Moves a step by one place; at an end it stays. */
export function moved<T>(steps: T[], index: number, by: -1 | 1): T[] {
  const to = index + by;
  const step = steps[index];
  if (step === undefined || to < 0 || to >= steps.length) return steps;
  const rest = steps.filter((_, i) => i !== index);
  return [...rest.slice(0, to), step, ...rest.slice(to)];
}

/** A name that no step has yet, such as suspend-2. */
export function freeName(steps: WorkflowStep[], type: string): string {
  const names = new Set(steps.flatMap((s) => [s.name, ...(s.subSteps ?? []).map((sub) => sub.name)]));
  for (let n = 1; ; n++) {
    const name = `${type}-${n}`;
    if (!names.has(name)) return name;
  }
}
