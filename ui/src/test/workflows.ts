// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { Canary, CanaryRequest, Diff, Run, Workflow, WorkflowStep } from '@/api/schema.gen';

import { problem, type FakeBackend } from './fakeBackend';

export const defaultWorkflow: Workflow = {
  name: 'default',
  alias: 'Default Workflow',
  kind: 'generated',
  rollout: 'regular',
  steps: [{ name: 'canary-demo', type: 'apply-component', properties: { component: 'canary-demo' } }],
  lastUsed: true,
};

/** What the server generates: floor(100*i/N), an approval between two batches. */
export function canaryOf(request: CanaryRequest): Canary {
  const n = request.batches ?? request.weights?.length ?? 3;
  if (n > 100) throw problem(422, 'invalid', { fieldErrors: [{ path: '/batches', code: 'too-large', message: 'There are at most 100 batches.', params: { limit: '100' } }] });
  const weights = request.weights ?? Array.from({ length: n }, (_, i) => Math.floor((100 * (i + 1)) / n));
  const falling = weights.findIndex((w, i) => i > 0 && w < (weights[i - 1] ?? 0));
  if (falling > 0) {
    throw problem(422, 'invalid', {
      fieldErrors: [{ path: `/weights/${falling}`, code: 'falling-weight', message: `The weight of batch ${falling + 1} is lower than the one before it; make it at least as high.` }],
    });
  }
  const replicas = request.replicas ?? 3;
  const steps = weights.flatMap((weight, i): WorkflowStep[] => [
    ...(i > 0 ? [{ name: `default-approve-${i}`, type: 'suspend', meta: { alias: `Approve ${i}` } }] : []),
    { name: `default-batch-${i + 1}`, type: 'canary-deploy', meta: { alias: `Batch ${i + 1}` }, properties: { weight } },
  ]);
  const podsOf = (weight: number) => Math.ceil((replicas * weight) / 100);
  return {
    name: 'default-canary',
    alias: 'Default Canary Workflow',
    mode: { steps: 'StepByStep' },
    steps,
    replicas,
    simulation: weights.map((weight, i) => ({ step: `default-batch-${i + 1}`, weight, pods: podsOf(weight), stablePods: replicas - podsOf(weight) })),
    warnings: weights.length > replicas ? [{ code: 'more-batches-than-pods', message: 'There are more batches than pods.' }] : [],
  };
}

export const run: Run = {
  id: 'v2',
  revision: 'canary-demo-v2',
  publishVersion: 'v2',
  state: 'Starting',
  current: true,
  rollout: 'canary',
  steps: [],
  actions: [],
};

export const imageDiff: Diff = {
  equal: false,
  workflowDiffers: false,
  changes: [
    {
      op: 'changed',
      kind: 'image',
      component: 'canary-demo',
      path: '/components/0/properties/image',
      field: 'image',
      from: 'wangyikewyk/canarydemo:v1',
      to: 'wangyikewyk/canarydemo:v2',
    },
  ],
  left: { title: 'deployed', yaml: '' },
  right: { title: 'draft', yaml: '' },
};

/** Adds workflows, canary generation, differences and deployments to a server. */
export function withWorkflows(backend: FakeBackend, saved: Workflow[] = []): FakeBackend {
  const all = [defaultWorkflow, ...saved];
  const find = (name: string | undefined) => {
    const found = all.find((w) => w.name === name);
    if (!found) throw problem(404, 'not-found', { params: { kind: 'workflow', name: name ?? '' } });
    return found;
  };
  return backend
    .on('get', '/apps/{ns}/{app}/workflows', () => ({ items: all }))
    .on('get', '/apps/{ns}/{app}/workflows/{workflow}', ({ path }) => find(path.workflow))
    .on('post', '/apps/{ns}/{app}/workflows', ({ body }) => {
      const made: Workflow = { name: body.name, alias: body.alias ?? body.name, kind: 'saved', rollout: 'canary', mode: body.mode, steps: body.steps, resourceVersion: '1' };
      all.push(made);
      return made;
    })
    .on('put', '/apps/{ns}/{app}/workflows/{workflow}', ({ path, body }) => Object.assign(find(path.workflow), { alias: body.alias, mode: body.mode, steps: body.steps, resourceVersion: '2' }))
    .on('delete', '/apps/{ns}/{app}/workflows/{workflow}', () => undefined)
    .on('post', '/apps/{ns}/{app}/generate-canary', ({ body }) => canaryOf(body))
    .on('post', '/apps/{ns}/{app}/diff', () => imageDiff)
    .on('post', '/apps/{ns}/{app}/validate', ({ body }) => ({ valid: true, fieldErrors: [], warnings: [], spec: body.spec }))
    .on('post', '/apps/{ns}/{app}/deployments', () => run);
}
