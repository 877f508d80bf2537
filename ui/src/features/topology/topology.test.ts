// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';

import type { Topology, TopologyNode } from '@/api/schema.gen';
import { topology } from '@/test/topology';

import { place } from './layout';
import { groupPods, rowsOf } from './tree';

const none = new Set<string>();

describe('the rows of the table', () => {
  test('stand below what owns them, roots first', () => {
    expect(rowsOf(topology, none).map((r) => `${'  '.repeat(r.level - 1)}${r.node.kind} ${r.node.name}`)).toEqual([
      'Application canary-demo',
      '  Target default',
      '    Deployment canary-demo',
      '      ReplicaSet canary-demo-6f4',
      '        Pod canary-demo-6f4-a7k2p',
      '        Pod canary-demo-6f4-c9x4m',
      '      ReplicaSet canary-demo-9c1',
      '        Pod canary-demo-9c1-q5w8z',
      '    Ingress canary-demo',
      'Service canary-demo-stable',
      'Service canary-demo-canary',
    ]);
  });

  test('say where requests go and with which share', () => {
    const ingress = rowsOf(topology, none).find((r) => r.node.kind === 'Ingress');
    expect(ingress?.traffic.map((e) => [e.to.name, e.weight])).toEqual([
      ['canary-demo-stable', 67],
      ['canary-demo-canary', 33],
    ]);
  });

  test('below a closed one are not there', () => {
    const rows = rowsOf(topology, new Set(['Deployment/canary-demo']));
    expect(rows.some((r) => r.node.kind === 'Pod')).toBe(false);
    expect(rows.find((r) => r.node.kind === 'Deployment')).toMatchObject({ children: 2, expanded: false });
  });

  test('lose nothing that owns itself in a circle', () => {
    const circle: Topology = {
      ...topology,
      nodes: topology.nodes.slice(0, 2),
      edges: [
        { from: 'Application/canary-demo', to: 'Target/default', kind: 'owns' },
        { from: 'Target/default', to: 'Application/canary-demo', kind: 'owns' },
      ],
    };
    expect(rowsOf(circle, none).map((r) => r.node.kind).sort()).toEqual(['Application', 'Target']);
  });
});

test('many pods of one owner become one box, and the arrows to them one arrow', () => {
  const pods: TopologyNode[] = Array.from({ length: 30 }, (_, i) => ({ id: `p${i}`, kind: 'Pod', name: `p${i}`, health: 'Healthy' }));
  const big: Topology = {
    nodes: [{ id: 'rs', kind: 'ReplicaSet', name: 'rs', health: 'Healthy' }, { id: 'svc', kind: 'Service', name: 'svc', health: 'Healthy' }, ...pods],
    edges: pods.flatMap((p) => [
      { from: 'rs', to: p.id, kind: 'owns' as const },
      { from: 'svc', to: p.id, kind: 'selects' as const },
    ]),
    summary: { pods: 30, readyPods: 30, revisions: [] },
  };
  const drawn = groupPods(big, 12);
  expect(drawn.nodes.map((n) => n.id)).toEqual(['rs', 'svc']);
  expect(drawn.groups).toMatchObject([{ id: 'rs/pods', owner: 'rs' }]);
  expect(drawn.edges.map((e) => [e.kind, e.from, e.to])).toEqual([
    ['owns', 'rs', 'rs/pods'],
    ['selects', 'svc', 'rs/pods'],
  ]);
  expect(groupPods(topology, 12)).toMatchObject({ nodes: topology.nodes, edges: topology.edges, groups: [] });
});

test('boxes never overlap, and what is owned stands to the right of its owner', () => {
  const size = { width: 200, height: 70 };
  const placed = place(topology.nodes.map((n) => ({ id: n.id, ...size })), topology.edges);
  for (const a of placed) {
    for (const b of placed) {
      if (a.id >= b.id) continue;
      const apart = Math.abs(a.x - b.x) >= size.width || Math.abs(a.y - b.y) >= size.height;
      expect(apart, `${a.id} and ${b.id}`).toBe(true);
    }
  }
  const x = new Map(placed.map((p) => [p.id, p.x]));
  for (const e of topology.edges) expect(x.get(e.to), `${e.from} → ${e.to}`).toBeGreaterThan(x.get(e.from) ?? Infinity);
});
