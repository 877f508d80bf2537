// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { Topology, TopologyNode } from '@/api/schema.gen';

const node = (kind: string, name: string, more: Partial<TopologyNode> = {}): TopologyNode => ({
  id: `${kind}/${name}`,
  kind,
  name,
  namespace: 'default',
  component: 'canary-demo',
  health: 'Healthy',
  createdAt: '2026-11-29T10:00:00Z',
  ...more,
});

const v1 = { revision: 'canary-demo-v1', publishVersion: 'v1', role: 'stable', image: 'wangyikewyk/canarydemo:v1' } as const;
const v2 = { revision: 'canary-demo-v2', publishVersion: 'v2', role: 'canary', image: 'wangyikewyk/canarydemo:v2' } as const;
const pod = (name: string, version: typeof v1 | typeof v2) => node('Pod', name, { ...version, state: 'Ready', restarts: 0 });

/** canary-demo with one pod of v2 and two of v1. */
export const topology: Topology = {
  nodes: [
    node('Application', 'canary-demo'),
    node('Target', 'default'),
    node('Deployment', 'canary-demo', { pods: 3, readyPods: 3 }),
    node('ReplicaSet', 'canary-demo-6f4', { ...v1, pods: 2, readyPods: 2 }),
    node('ReplicaSet', 'canary-demo-9c1', { ...v2, pods: 1, readyPods: 1 }),
    pod('canary-demo-6f4-a7k2p', v1),
    pod('canary-demo-6f4-c9x4m', v1),
    pod('canary-demo-9c1-q5w8z', v2),
    node('Ingress', 'canary-demo'),
    node('Service', 'canary-demo-stable', { role: 'stable' }),
    node('Service', 'canary-demo-canary', { role: 'canary' }),
  ],
  edges: [
    { from: 'Application/canary-demo', to: 'Target/default', kind: 'owns' },
    { from: 'Target/default', to: 'Deployment/canary-demo', kind: 'owns' },
    { from: 'Target/default', to: 'Ingress/canary-demo', kind: 'owns' },
    { from: 'Deployment/canary-demo', to: 'ReplicaSet/canary-demo-6f4', kind: 'owns' },
    { from: 'Deployment/canary-demo', to: 'ReplicaSet/canary-demo-9c1', kind: 'owns' },
    { from: 'ReplicaSet/canary-demo-6f4', to: 'Pod/canary-demo-6f4-a7k2p', kind: 'owns' },
    { from: 'ReplicaSet/canary-demo-6f4', to: 'Pod/canary-demo-6f4-c9x4m', kind: 'owns' },
    { from: 'ReplicaSet/canary-demo-9c1', to: 'Pod/canary-demo-9c1-q5w8z', kind: 'owns' },
    { from: 'Ingress/canary-demo', to: 'Service/canary-demo-stable', kind: 'routes', weight: 67 },
    { from: 'Ingress/canary-demo', to: 'Service/canary-demo-canary', kind: 'routes', weight: 33, measured: 32.6 },
    { from: 'Service/canary-demo-stable', to: 'Pod/canary-demo-6f4-a7k2p', kind: 'selects' },
    { from: 'Service/canary-demo-stable', to: 'Pod/canary-demo-6f4-c9x4m', kind: 'selects' },
    { from: 'Service/canary-demo-canary', to: 'Pod/canary-demo-9c1-q5w8z', kind: 'selects' },
  ],
  summary: {
    pods: 3,
    readyPods: 3,
    revisions: [
      { revision: 'canary-demo-v1', publishVersion: 'v1', role: 'stable', pods: 2, readyPods: 2 },
      { revision: 'canary-demo-v2', publishVersion: 'v2', role: 'canary', pods: 1, readyPods: 1 },
    ],
  },
};
