// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { Activity, App, DefinitionType, AppSummary, Environment, Home, Me, Overview, Provider } from '@/api/schema.gen';

import { definitions, summaries } from './definitions';
import { FakeBackend, problem } from './fakeBackend';
import { withWorkflows } from './workflows';

export const me: Me = {
  username: 'admin',
  kubernetesUser: 'vela:admin',
  groups: ['vela:admins'],
  provider: 'local',
  expiresAt: '2026-11-29T20:00:00Z',
  idleSeconds: 1800,
  roles: ['admin'],
};

export const providers: Provider[] = [
  { kind: 'local', name: 'local' },
  { kind: 'token', name: 'token' },
];

export const environment: Environment = { name: 'Default', namespace: 'default', project: 'Default', canCreate: true, applications: 3 };

export const webservice: AppSummary = {
  namespace: 'default',
  name: 'canary-demo',
  status: { word: 'Stable', since: '2026-11-29T11:00:00Z' },
  components: [{ name: 'canary-demo', type: 'webservice', image: 'wangyikewyk/canarydemo:v1', traits: ['scaler', 'gateway'], healthy: true }],
  revision: 'canary-demo-v1',
  publishVersion: 'v1',
  run: 'v1',
  createdAt: '2026-11-29T10:00:00Z',
};

export const waiting: AppSummary = {
  namespace: 'shop',
  name: 'checkout',
  status: { word: 'Waiting', weight: 33, since: '2026-11-29T11:46:00Z', step: 'default-approve-1' },
  components: [{ name: 'checkout', type: 'webservice', image: 'shop/checkout:2.4.0', traits: ['scaler', 'gateway'], healthy: true }],
  revision: 'checkout-v7',
  publishVersion: 'v7',
  run: 'v7',
  split: { routed: true, asked: 33, served: 33, measured: 32.7, measuredRequests: 1204, measuredSince: '2026-11-29T11:46:00Z' },
  createdAt: '2026-11-20T10:00:00Z',
};

export const broken: AppSummary = {
  namespace: 'shop',
  name: 'cart',
  status: { word: 'Failed', since: '2026-11-29T11:30:00Z', message: 'The image shop/cart:3.0.0 cannot be pulled.' },
  components: [{ name: 'cart', type: 'webservice', image: 'shop/cart:3.0.0', healthy: false }],
  revision: 'cart-v3',
  publishVersion: 'v3',
  run: 'v3',
  undeployed: true,
  createdAt: '2026-11-21T10:00:00Z',
};

export const activity: Activity[] = [
  { id: 'a2', at: '2026-11-29T11:46:00Z', kind: 'step', reason: 'StepSucceeded', message: 'Batch 1 is ready.', namespace: 'shop', app: 'checkout', run: 'v7', step: 'default-batch-1' },
  { id: 'a1', at: '2026-11-29T11:40:00Z', kind: 'deployment', reason: 'Published', message: 'Version v7 was published.', namespace: 'shop', app: 'checkout', run: 'v7', by: 'lin', note: 'new payment page' },
];

export const home: Home = {
  attention: [broken],
  approvals: [waiting],
  running: [waiting],
  counts: { Stable: 1, Waiting: 1, Failed: 1 },
  recent: activity,
};

export const app: App = {
  namespace: 'default',
  name: 'canary-demo',
  uid: 'u1',
  resourceVersion: '100',
  createdAt: '2026-11-29T10:00:00Z',
  project: 'Default',
  environment: 'Default',
  publishVersion: 'v1',
  revision: 'canary-demo-v1',
  run: 'v1',
  workflow: 'default',
  undeployed: false,
  held: false,
  status: { word: 'Stable' },
  spec: {
    components: [
      {
        name: 'canary-demo',
        type: 'webservice',
        properties: { image: 'wangyikewyk/canarydemo:v1', ports: [{ port: 8090, expose: true }] },
        traits: [
          { type: 'scaler', properties: { replicas: 3 } },
          { type: 'gateway', properties: { domain: 'canary-demo.com', http: { '/version': 8090 } } },
        ],
      },
    ],
  },
};

export const overview: Overview = {
  app: webservice,
  status: { word: 'Stable', since: '2026-11-29T11:00:00Z' },
  releases: [],
  services: [
    {
      name: 'canary-demo',
      type: 'webservice',
      image: 'wangyikewyk/canarydemo:v1',
      pods: 3,
      ready: 3,
      items: [1, 2, 3].map((n) => ({ name: `canary-demo-${n}`, state: 'Ready', restarts: 0 })),
      healthy: true,
      traits: [
        { type: 'scaler', healthy: true },
        { type: 'gateway', healthy: true },
      ],
      problems: [],
    },
  ],
  rollback: { possible: false, why: 'Nothing is being released.' },
  notices: [],
  edge: 'ok',
  observedAt: '2026-11-29T12:00:00Z',
};

/** A server with the applications above, where the person is admin. */
export function backend(): FakeBackend {
  return withWorkflows(new FakeBackend())
    .on('get', '/me', () => me)
    .on('get', '/auth/providers', () => ({ providers }))
    .on('post', '/auth/login', () => me)
    .on('post', '/auth/logout', () => undefined)
    .on('patch', '/stream/{stream}/topics', () => undefined)
    .on('post', '/access/review', ({ body }) => ({ results: body.checks.map(() => ({ allowed: true })) }))
    .on('get', '/environments', () => ({ items: [environment, { ...environment, name: 'shop', namespace: 'shop', applications: 2 }] }))
    .on('get', '/home', () => home)
    .on('get', '/activity', () => ({ items: activity }))
    .on('get', '/definitions', ({ query }) => ({ items: summaries(query.get('type') as DefinitionType | null) }))
    .on('get', '/definitions/{type}/{name}', ({ path }) => {
      const found = definitions.find((d) => d.type === path.type && d.name === path.name);
      if (!found) throw problem(404, 'not-found', { params: { kind: 'definition', name: path.name ?? '' } });
      return found;
    })
    .on('post', '/apps', ({ body }): App => ({ ...app, name: body.name, namespace: body.namespace, spec: body.spec, held: true, status: { word: 'NotDeployed' } }))
    .on('post', '/apps/{ns}/{app}/dry-run', ({ path }) => ({
      objects: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: path.app ?? '', yaml: 'kind: Deployment\n' }],
      yaml: 'apiVersion: apps/v1\nkind: Deployment\n',
      warnings: [],
    }))
    .on('get', '/apps', () => ({ items: [webservice, broken, waiting] }))
    .on('get', '/apps/{ns}/{app}', ({ path }) => {
      if (path.app !== app.name) throw problem(404, 'not-found', { params: { kind: 'application', name: path.app ?? '' } });
      return app;
    })
    .on('get', '/apps/{ns}/{app}/overview', ({ path }) => {
      if (path.app !== app.name) throw problem(404, 'not-found', { params: { kind: 'application', name: path.app ?? '' } });
      return overview;
    });
}
