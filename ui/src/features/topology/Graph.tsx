// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Background, Controls, Handle, MarkerType, Position, ReactFlow, type Edge, type Node, type NodeChange, type NodeProps } from '@xyflow/react';
import '@xyflow/react/dist/base.css';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import type { Topology, TopologyNode } from '@/api/schema.gen';
import { tagOf } from '@/components/AppRows';
import { Glyph } from '@/components/Glyph';
import { PodShape } from '@/components/PodShape';
import { useFormat } from '@/i18n/format';

import styles from './Graph.module.css';
import { place } from './layout';
import { groupPods, type PodGroup } from './tree';
import { lookOf, useNodeWords, versionOf } from './words';

interface Props {
  topology: Topology;
  focus: string | null;
  onFocus: (id: string) => void;
}

type Box = Node<{ node: TopologyNode } | { group: PodGroup }, 'box'>;

const size = { width: 216, height: 74 };
const most = 12;
const types = { box: BoxNode };

/** The topology drawn from left to right: what owns what, and where requests go with which share. */
export default function Graph({ topology, focus, onFocus }: Props) {
  const { t } = useTranslation('topology');
  const { sentence } = useNodeWords();
  const format = useFormat();
  const drawn = useMemo(() => groupPods(topology, most), [topology]);
  // Places change only when boxes or arrows do, so that an update of a state moves nothing.
  const shape = JSON.stringify([drawn.nodes.map((n) => n.id), drawn.groups.map((g) => [g.id, g.owner]), drawn.edges.map((e) => [e.from, e.to])]);
  const places = useMemo(() => {
    const [ids, groups, arrows] = JSON.parse(shape) as [string[], [string, string][], [string, string][]];
    const boxes = [...ids, ...groups.map(([id]) => id)].map((id) => ({ id, ...size }));
    return new Map(place(boxes, arrows.map(([from, to]) => ({ from, to }))).map((p) => [p.id, p]));
  }, [shape]);

  const box = (id: string, data: Box['data'], label: string): Box => {
    const at = places.get(id);
    return {
      id,
      type: 'box',
      position: { x: at?.x ?? 0, y: at?.y ?? 0 },
      ...size,
      measured: size,
      data,
      selected: id === focus,
      ariaLabel: label,
      domAttributes: { 'aria-roledescription': t('a11y.box'), 'aria-current': id === focus || undefined },
    };
  };
  const nodes = [
    ...drawn.nodes.map((node) => box(node.id, { node }, sentence(node))),
    ...drawn.groups.map((group) => box(group.id, { group }, t('podGroup', { count: group.pods.length }))),
  ];
  const nameOf = new Map(topology.nodes.map((n) => [n.id, `${n.kind} ${n.name}`]));
  const edges: Edge[] = drawn.edges.map((e) => ({
    ariaLabel: t(`edge.${e.kind}`, { from: nameOf.get(e.from) ?? e.from, to: nameOf.get(e.to) ?? t('pods') }),
    id: `${e.kind} ${e.from} ${e.to}`,
    source: e.from,
    target: e.to,
    className: `${styles.edge} ${styles[e.kind]}`,
    label: e.weight === undefined ? undefined : format.percent(e.weight),
    labelShowBg: true,
    labelBgPadding: [5, 3],
    labelBgBorderRadius: 4,
    markerEnd: e.kind === 'owns' ? undefined : { type: MarkerType.ArrowClosed, color: 'var(--line-strong)' },
    focusable: false,
    selectable: false,
  }));
  const changed = (changes: NodeChange<Box>[]) => {
    for (const c of changes) if (c.type === 'select' && c.selected) onFocus(c.id);
  };

  return (
    <div className={styles.canvas}>
      <ReactFlow<Box>
        nodes={nodes}
        edges={edges}
        nodeTypes={types}
        onNodesChange={changed}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: 0.08 }}
        minZoom={0.2}
        maxZoom={2}
        nodesDraggable={false}
        nodesConnectable={false}
        deleteKeyCode={null}
        zoomOnScroll={false}
        preventScrolling={false}
        autoPanOnNodeFocus
        proOptions={{ hideAttribution: true }}
        aria-label={t('graph')}
        ariaLabelConfig={{
          'node.a11yDescription.default': t('a11y.node'),
          'node.a11yDescription.keyboardDisabled': t('a11y.node'),
          'edge.a11yDescription.default': t('a11y.edge'),
          'controls.ariaLabel': t('a11y.controls'),
          'controls.zoomIn.ariaLabel': t('a11y.zoomIn'),
          'controls.zoomOut.ariaLabel': t('a11y.zoomOut'),
          'controls.fitView.ariaLabel': t('a11y.fit'),
          'handle.ariaLabel': t('a11y.handle'),
        }}
      >
        <Background gap={24} size={1} color="var(--line)" />
        <Controls showInteractive={false} fitViewOptions={{ maxZoom: 1, padding: 0.08 }} />
      </ReactFlow>
    </div>
  );
}

function BoxNode({ data }: NodeProps<Box>) {
  return (
    <>
      <Handle type="target" position={Position.Left} isConnectable={false} className={styles.handle} />
      {'group' in data ? <GroupBox group={data.group} /> : <NodeBox node={data.node} />}
      <Handle type="source" position={Position.Right} isConnectable={false} className={styles.handle} />
    </>
  );
}

function NodeBox({ node }: { node: TopologyNode }) {
  const words = useNodeWords();
  const lane = node.role === 'canary' ? 'canary' : 'stable';
  const look = lookOf(node.health);
  return (
    <div aria-hidden="true" className={`${styles.box} ${node.role ? styles[lane] : ''}`} data-kind={node.kind} data-health={node.health} data-role={node.role}>
      <div className={styles.line}>
        {node.state ? <PodShape name={node.name} state={node.state} lane={lane} /> : <Glyph name={look.glyph} tone={look.tone} />}
        <span className={styles.kind}>{node.kind}</span>
        {node.role && <span className={`${styles.tag} ${styles[lane]}`}>{versionOf(node) || words.role(node)}</span>}
      </div>
      <div className={styles.name} title={node.name}>
        {node.name}
      </div>
      <div className={styles.facts}>{[words.health(node), tagOf(node.image), words.count(node)].filter(Boolean).join(' · ')}</div>
    </div>
  );
}

const shown = 24;

function GroupBox({ group }: { group: PodGroup }) {
  const { t } = useTranslation('topology');
  const lane = group.pods[0]?.role === 'canary' ? 'canary' : 'stable';
  const rest = group.pods.length - shown;
  return (
    <div aria-hidden="true" className={`${styles.box} ${styles[lane]}`} data-kind="Pods">
      <div className={styles.name}>{t('podGroup', { count: group.pods.length })}</div>
      <div className={styles.pods}>
        {group.pods.slice(0, shown).map((p) => (
          <span key={p.id} data-state={p.state} className={styles.cell} />
        ))}
        {rest > 0 && <span className={styles.facts}>+{rest}</span>}
      </div>
    </div>
  );
}
