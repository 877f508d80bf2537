// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { Topology, TopologyEdge, TopologyNode } from '@/api/schema.gen';

/** A node in the table: how deep it is, and whether anything is below it. */
export interface Row {
  node: TopologyNode;
  level: number;
  parent: string | null;
  children: number;
  expanded: boolean;
  /** Place among its siblings, from 1, and how many there are. */
  position: number;
  siblings: number;
  /** What sends requests to it or gets them from it, with the share. */
  traffic: TrafficEnd[];
}

export interface TrafficEnd {
  to: TopologyNode;
  /** Percent that is asked for. */
  weight: number | undefined;
  /** Percent that was counted. */
  measured: number | undefined;
}

/**
 * The rows of the table in order. A node stands below the first that owns it; routes and selections are columns, not levels.
 * Whatever nothing owns is a root, and so is a node of a circle, which would be lost otherwise.
 */
export function rowsOf(topology: Topology, collapsed: ReadonlySet<string>): Row[] {
  const nodes = new Map(topology.nodes.map((n) => [n.id, n]));
  const parentOf = new Map<string, string>();
  for (const edge of topology.edges) {
    if (edge.kind === 'owns' && nodes.has(edge.from) && nodes.has(edge.to) && !parentOf.has(edge.to)) parentOf.set(edge.to, edge.from);
  }
  for (const id of nodes.keys()) if (inCircle(id, parentOf)) parentOf.delete(id);

  const childrenOf = new Map<string | null, TopologyNode[]>();
  for (const node of topology.nodes) {
    const parent = parentOf.get(node.id) ?? null;
    childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), node]);
  }
  const rows: Row[] = [];
  const walk = (parent: string | null, level: number) => {
    const siblings = childrenOf.get(parent) ?? [];
    siblings.forEach((node, i) => {
      const children = childrenOf.get(node.id)?.length ?? 0;
      const expanded = children > 0 && !collapsed.has(node.id);
      const traffic = trafficOf(node.id, topology.edges, nodes);
      rows.push({ node, level, parent, children, expanded, position: i + 1, siblings: siblings.length, traffic });
      if (expanded) walk(node.id, level + 1);
    });
  };
  walk(null, 1);
  return rows;
}

function inCircle(id: string, parentOf: Map<string, string>): boolean {
  const seen = new Set<string>();
  for (let at: string | undefined = parentOf.get(id); at !== undefined && !seen.has(at); at = parentOf.get(at)) {
    if (at === id) return true;
    seen.add(at);
  }
  return false;
}

function trafficOf(id: string, edges: TopologyEdge[], nodes: Map<string, TopologyNode>): TrafficEnd[] {
  return edges.flatMap((edge) => {
    const to = nodes.get(edge.to);
    return edge.from === id && edge.kind !== 'owns' && to ? [{ to, weight: edge.weight, measured: edge.measured }] : [];
  });
}

/** A node that stands for many pods of one owner in the graph. */
export interface PodGroup {
  id: string;
  owner: string;
  pods: TopologyNode[];
}

/** Takes the pods of owners with more than limit of them out of the graph, and puts one group in their place. */
export function groupPods(topology: Topology, limit: number): { nodes: TopologyNode[]; edges: TopologyEdge[]; groups: PodGroup[] } {
  const byId = new Map(topology.nodes.map((n) => [n.id, n]));
  const podsOf = new Map<string, TopologyNode[]>();
  for (const edge of topology.edges) {
    const pod = byId.get(edge.to);
    if (edge.kind === 'owns' && pod?.kind === 'Pod') podsOf.set(edge.from, [...(podsOf.get(edge.from) ?? []), pod]);
  }
  const groups = [...podsOf].filter(([, pods]) => pods.length > limit).map(([owner, pods]) => ({ id: `${owner}/pods`, owner, pods }));
  const groupOf = new Map(groups.flatMap((g) => g.pods.map((p) => [p.id, g.id] as const)));
  const nodes = topology.nodes.filter((n) => !groupOf.has(n.id));
  const edges = new Map<string, TopologyEdge>();
  for (const edge of topology.edges) {
    const moved = { ...edge, from: groupOf.get(edge.from) ?? edge.from, to: groupOf.get(edge.to) ?? edge.to };
    edges.set(`${moved.kind} ${moved.from} ${moved.to}`, moved);
  }
  return { nodes, edges: [...edges.values()], groups };
}
