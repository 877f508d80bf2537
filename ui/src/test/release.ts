// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { AccessMatrix, Activity, Lane, Overview, PodSummary, Revision, Run, RunStep, System } from '@/api/schema.gen';

import { problem, type FakeBackend } from './fakeBackend';
import { backend, overview as stable, webservice } from './fixtures';
import { logLine, podDetail, pods as instances } from './pods';
import { topology } from './topology';

const image = (tag: string) => `wangyikewyk/canarydemo:${tag}`;

const pods = (version: string, ...names: string[]): PodSummary[] =>
  names.map((name) => ({ name: `canary-demo-${version}-${name}`, state: 'Ready', restarts: 0, createdAt: '2026-11-29T11:40:00Z' }));

const lane = (version: string, more: Partial<Lane> = {}): Lane => ({
  revision: `canary-demo-${version}`,
  publishVersion: version,
  image: image(version),
  digest: 'sha256:4f1c6e0a9b3d',
  createdAt: '2026-11-29T11:40:00Z',
  pods: 0,
  ready: 0,
  items: [],
  problems: [],
  ...more,
});

export const steps: RunStep[] = [
  { id: 's1', name: 'default-batch-1', alias: 'Batch 1', type: 'canary-deploy', state: 'Succeeded', weight: 33, pods: 1, replicas: 3, startedAt: '2026-11-29T11:40:00Z', endedAt: '2026-11-29T11:46:00Z' },
  { id: 's2', name: 'default-approve-1', alias: 'Approve 1', type: 'suspend', state: 'Waiting', startedAt: '2026-11-29T11:46:00Z' },
  { name: 'default-batch-2', alias: 'Batch 2', type: 'canary-deploy', state: 'Pending', weight: 66, pods: 2, replicas: 3 },
  { name: 'default-approve-2', alias: 'Approve 2', type: 'suspend', state: 'Pending' },
  { name: 'default-batch-3', alias: 'Batch 3', type: 'canary-deploy', state: 'Pending', weight: 100, pods: 3, replicas: 3 },
];

/** v2 of canary-demo after its first batch, waiting for an approval. */
export const run: Run = {
  id: 'v2',
  revision: 'canary-demo-v2',
  publishVersion: 'v2',
  state: 'Waiting',
  current: true,
  workflow: 'default-canary',
  rollout: 'canary',
  note: 'new greeting',
  by: 'lin',
  startedAt: '2026-11-29T11:40:00Z',
  images: [image('v2')],
  steps,
  actions: [],
};

export const pastRuns: Run[] = [
  {
    ...run,
    id: 'v1',
    revision: 'canary-demo-v1',
    publishVersion: 'v1',
    state: 'Succeeded',
    current: false,
    workflow: 'default',
    rollout: 'regular',
    note: undefined,
    by: 'admin',
    startedAt: '2026-11-29T10:00:00Z',
    endedAt: '2026-11-29T10:00:20Z',
    images: [image('v1')],
    steps: [{ id: 'd1', name: 'canary-demo', type: 'apply-component', state: 'Succeeded', startedAt: '2026-11-29T10:00:00Z', endedAt: '2026-11-29T10:00:20Z' }],
  },
];

export const releasing: Overview = {
  ...stable,
  app: {
    ...webservice,
    status: { word: 'Waiting', weight: 33, since: '2026-11-29T11:46:00Z', step: 'default-approve-1' },
    components: [{ name: 'canary-demo', type: 'webservice', image: image('v2'), traits: ['scaler', 'gateway'], healthy: true }],
    revision: 'canary-demo-v2',
    publishVersion: 'v2',
    run: 'v2',
    split: { routed: true, asked: 33, served: 33, measured: 32.6, measuredRequests: 1204, measuredSince: '2026-11-29T11:46:00Z' },
  },
  status: { word: 'Waiting', weight: 33, since: '2026-11-29T11:46:00Z', step: 'default-approve-1' },
  run,
  releases: [
    {
      component: 'canary-demo',
      step: 'default-batch-1',
      index: 1,
      steps: 3,
      split: { routed: true, asked: 33, served: 33, measured: 32.6, measuredRequests: 1204, measuredSince: '2026-11-29T11:46:00Z' },
      stable: lane('v1', { desired: 2, pods: 2, ready: 2, items: pods('v1', 'a7k2p', 'c9x4m'), createdAt: '2026-11-29T10:00:00Z' }),
      canary: lane('v2', { desired: 1, pods: 1, ready: 1, items: pods('v2', 'q5w8z') }),
    },
  ],
  services: [{ ...(stable.services[0] as Overview['services'][number]), image: image('v2'), pods: 3, ready: 3, items: undefined }],
  next: { run: 'v2', stepId: 's2', step: 'default-approve-1', target: 'default-batch-2', weight: 66, pods: 2, replicas: 3, last: false },
  rollback: {
    possible: true,
    revision: 'canary-demo-v1',
    publishVersion: 'v1',
    image: image('v1'),
    readyPods: 2,
    neededPods: 3,
    changes: [{ op: 'changed', kind: 'image', component: 'canary-demo', path: '/components/0/properties/image', field: 'image', from: image('v2'), to: image('v1') }],
  },
};

export const revisions: Revision[] = [
  {
    name: 'canary-demo-v2',
    number: 2,
    publishVersion: 'v2',
    run: 'v2',
    state: 'Waiting',
    current: true,
    rollbackTarget: false,
    canRollback: false,
    hash: '8d1f',
    createdAt: '2026-11-29T11:40:00Z',
    by: 'lin',
    note: 'new greeting',
    workflow: 'default-canary',
    images: [image('v2')],
    changes: [{ op: 'changed', kind: 'image', component: 'canary-demo', path: '/components/0/properties/image', field: 'image', from: image('v1'), to: image('v2') }],
  },
  {
    name: 'canary-demo-v1',
    number: 1,
    publishVersion: 'v1',
    run: 'v1',
    state: 'Succeeded',
    current: false,
    rollbackTarget: true,
    canRollback: true,
    hash: '77ab',
    createdAt: '2026-11-29T10:00:00Z',
    by: 'admin',
    workflow: 'default',
    images: [image('v1')],
    changes: [],
  },
];

const at = (time: string, rest: Omit<Activity, 'id' | 'at' | 'namespace' | 'app'>): Activity => ({
  id: `${time} ${rest.reason}`,
  at: `2026-11-29T${time}Z`,
  namespace: 'default',
  app: 'canary-demo',
  ...rest,
});

export const events: Activity[] = [
  at('11:46:00', { kind: 'step', reason: 'StepSuspended', message: 'step Approve 1 is waiting', run: 'v2', step: 'default-approve-1' }),
  at('11:45:40', { kind: 'event', type: 'Warning', reason: 'Unhealthy', message: 'Readiness probe failed: connection refused', object: 'Pod/canary-demo-v2-q5w8z', count: 3 }),
  at('11:45:30', { kind: 'step', reason: 'StepSucceeded', message: 'step Batch 1 is succeeded', run: 'v2', step: 'default-batch-1' }),
  at('11:40:00', { kind: 'deployment', reason: 'Published', message: 'version v2 began to be released', run: 'v2', by: 'lin', note: 'new greeting' }),
  at('10:00:20', { kind: 'step', reason: 'StepSucceeded', message: 'step canary-demo is succeeded', run: 'v1' }),
];

const actions = 'release.oam.dev';
const core = 'core.oam.dev';
const look = ['get', 'list', 'watch'].map((verb) => ({ verb, group: core, resource: 'applications' }));
const act = (...verbs: string[]) => verbs.map((verb) => ({ verb, group: actions, resource: 'releaseactions' }));

export const matrix: AccessMatrix = {
  roles: [
    { name: 'viewer', clusterRole: 'vela:viewer', installed: true, may: look },
    { name: 'developer', clusterRole: 'vela:developer', installed: true, may: [...look, { verb: 'create', group: core, resource: 'applications' }, { verb: 'update', group: core, resource: 'applications' }] },
    { name: 'approver', clusterRole: 'vela:approver', installed: true, may: [...look, ...act('create', 'resume', 'suspend')] },
    { name: 'operator', clusterRole: 'vela:operator', installed: true, may: [...look, ...act('create', 'resume', 'suspend', 'rollback', 'terminate', 'restart')] },
    { name: 'admin', clusterRole: 'vela:admin', installed: false, may: [...look, { verb: 'create', group: core, resource: 'applications' }, { verb: 'update', group: core, resource: 'applications' }, ...act('create', 'resume', 'suspend', 'rollback', 'terminate', 'restart'), { verb: 'create', group: '', resource: 'pods/exec' }] },
  ],
  grants: [
    { role: 'admin', subjectKind: 'Group', subject: 'vela:admins' },
    { role: 'approver', subjectKind: 'User', subject: 'vela:lin', namespace: 'shop' },
  ],
};

export const system: System = {
  version: 'v0.9.0',
  kubernetes: 'v1.37.2',
  startedAt: '2026-11-29T07:00:00Z',
  streams: 2,
  execEnabled: false,
  checks: [
    { id: 'api-server', state: 'ok', message: 'Kubernetes v1.37.2 answers' },
    { id: 'controllers', state: 'ok', message: 'the controllers run in this process' },
    { id: 'edge', state: 'warning', message: 'no gateway tells what it serves: shares are asked for and never confirmed or measured', mend: 'run the edge of vela and give its admin addresses by --edge-url' },
    { id: 'metrics', state: 'failed', message: 'there are no resource metrics: what pods use is not shown, and cpu-scaler has nothing to go by', mend: 'install metrics-server' },
    { id: 'openkruise', state: 'unknown', message: 'no other controller of Rollouts is installed' },
  ],
};

const specYaml = (version: string) => `components:
  - name: canary-demo
    type: webservice
    properties:
      image: ${image(version)}
      ports:
        - port: 8090
          expose: true
    traits:
      - type: scaler
        properties:
          replicas: 3
      - type: gateway
        properties:
          domain: canary-demo.com
          http:
            /version: 8090
`;

/** A server where v2 of canary-demo waits after its first batch. */
export function releaseBackend(): FakeBackend {
  return withRelease(backend());
}

/** Makes a server tell that v2 of canary-demo waits after its first batch. */
export function withRelease(server: FakeBackend): FakeBackend {
  return server
    .on('patch', '/stream/{stream}/topics', () => undefined)
    .on('get', '/apps/{ns}/{app}/overview', () => releasing)
    .on('get', '/apps/{ns}/{app}/runs', () => ({ items: [run, ...pastRuns] }))
    .on('get', '/apps/{ns}/{app}/runs/{run}', ({ path }) => {
      const found = [run, ...pastRuns].find((r) => r.id === path.run);
      if (!found) throw problem(404, 'not-found', { params: { kind: 'run', name: path.run ?? '' } });
      return found;
    })
    .on('post', '/apps/{ns}/{app}/runs/{run}/actions', ({ body, path }) => ({
      name: `${path.run}-${body.action}`,
      action: body.action,
      run: path.run,
      stepId: body.stepId,
      phase: 'Succeeded' as const,
      by: 'admin',
      reason: body.reason,
      at: '2026-11-29T12:00:00Z',
    }))
    .on('get', '/activity', () => ({ items: events }))
    .on('get', '/apps/{ns}/{app}/endpoints', () => ({
      items: [
        {
          component: 'canary-demo',
          kind: 'Ingress',
          namespace: 'default',
          name: 'canary-demo',
          url: 'http://canary-demo.com/version',
          host: 'canary-demo.com',
          address: '127.0.0.1:8080',
          internal: false,
          curl: "curl -H 'Host: canary-demo.com' http://127.0.0.1:8080/version",
        },
      ],
    }))
    .on('get', '/apps/{ns}/{app}/topology', () => topology)
    .on('get', '/apps/{ns}/{app}/pods', () => ({ items: instances }))
    .on('get', '/apps/{ns}/{app}/pods/{pod}', () => podDetail)
    .on('get', '/apps/{ns}/{app}/logs', () => logLine as never) // one line is one object
    .on('get', '/system', () => system)
    .on('get', '/access/matrix', () => matrix)
    .on('get', '/apps/{ns}/{app}/revisions', () => ({ items: revisions }))
    .on('post', '/apps/{ns}/{app}/diff', () => ({
      equal: false, workflowDiffers: false,
      changes: revisions[0]?.changes ?? [],
      left: { title: 'canary-demo-v1', yaml: specYaml('v1') },
      right: { title: 'canary-demo-v2', yaml: specYaml('v2') },
    }))
    .on('get', '/apps/{ns}/{app}/revisions/{revision}', ({ path }) => {
      const found = revisions.find((r) => r.name === path.revision);
      if (!found) throw problem(404, 'not-found', { params: { kind: 'revision', name: path.revision ?? '' } });
      return found;
    });
}
