// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { LogLine, Pod, PodDetail } from '@/api/schema.gen';

const pod = (name: string, version: 'v1' | 'v2', more: Partial<Pod> = {}): Pod => ({
  name,
  namespace: 'default',
  component: 'canary-demo',
  revision: `canary-demo-${version}`,
  publishVersion: version,
  role: version === 'v1' ? 'stable' : 'canary',
  state: 'Ready',
  node: 'velad',
  ip: '10.42.0.17',
  restarts: 0,
  createdAt: '2026-11-29T11:40:00Z',
  readyAt: '2026-11-29T11:40:06Z',
  containers: [
    {
      name: 'canary-demo',
      image: `wangyikewyk/canarydemo:${version}`,
      digest: 'sha256:4f1c6e0a9b3d',
      init: false,
      ready: true,
      restarts: 0,
      state: 'Running',
      requests: { cpu: '100m', memory: '64Mi' },
      limits: { memory: '128Mi' },
    },
  ],
  ...more,
});

const trouble = pod('canary-demo-9c1-q5w8z', 'v2', { state: 'Warning', reason: 'CrashLoopBackOff', restarts: 4, readyAt: undefined });
const broken: Pod = { ...trouble, containers: trouble.containers.map((c) => ({ ...c, ready: false, restarts: 4, state: 'Waiting', reason: 'CrashLoopBackOff' })) };

export const pods: Pod[] = [
  pod('canary-demo-6f4-a7k2p', 'v1'),
  pod('canary-demo-6f4-c9x4m', 'v1'),
  broken,
];

export const podDetail: PodDetail = {
  pod: pods[2] as Pod,
  events: [
    {
      id: 'e1',
      at: '2026-11-29T11:58:00Z',
      kind: 'event',
      type: 'Warning',
      reason: 'BackOff',
      message: 'Back-off restarting failed container',
      namespace: 'default',
      object: 'Pod/canary-demo-9c1-q5w8z',
      count: 7,
    },
  ],
  yaml: 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: canary-demo-9c1-q5w8z\n',
};

/** What the three pods wrote within a few seconds. */
export const logLines: LogLine[] = Array.from({ length: 26 }, (_, i) => {
  const of = pods[[0, 1, 0, 2, 1, 0, 2][i % 7] ?? 0] as Pod;
  const ms = 120 + i * 137;
  return {
    pod: of.name,
    container: 'canary-demo',
    revision: of.revision,
    role: of.role,
    at: new Date(Date.parse('2026-11-29T11:58:00Z') + ms).toISOString(),
    text: i % 11 === 9 ? 'slow answer: 412 ms for GET /version' : `GET /version \u001b[32m200\u001b[0m Demo: ${String(of.publishVersion).toUpperCase()} ${3 + (i % 5)} ms`,
  };
});

export const logLine: LogLine = {
  pod: 'canary-demo-9c1-q5w8z',
  container: 'canary-demo',
  revision: 'canary-demo-v2',
  role: 'canary',
  at: '2026-11-29T11:58:00.123Z',
  text: 'GET /version \u001b[32m200\u001b[0m Demo: V2',
};
