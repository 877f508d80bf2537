// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Graph, layout } from '@dagrejs/dagre';

export interface Size {
  width: number;
  height: number;
}

export interface Placed extends Size {
  id: string;
  /** Of the upper left corner. */
  x: number;
  y: number;
}

const gaps = { rankdir: 'LR', nodesep: 18, ranksep: 72, edgesep: 12, marginx: 16, marginy: 16 };

/** Places boxes in layers from left to right; the same boxes and arrows give the same places. */
export function place(boxes: ({ id: string } & Size)[], arrows: { from: string; to: string }[]): Placed[] {
  const graph = new Graph();
  graph.setGraph(gaps);
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, width, height } of boxes) graph.setNode(id, { width, height });
  for (const { from, to } of arrows) if (graph.hasNode(from) && graph.hasNode(to)) graph.setEdge(from, to);
  layout(graph);
  return boxes.map(({ id, width, height }) => {
    const { x, y } = graph.node(id) as { x: number; y: number };
    return { id, width, height, x: x - width / 2, y: y - height / 2 };
  });
}
