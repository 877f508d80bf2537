// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';

import type { Topology } from '@/api/schema.gen';
import { useNow } from '@/app/useNow';
import { tagOf } from '@/components/AppRows';
import { Glyph } from '@/components/Glyph';
import { PodShape } from '@/components/PodShape';
import { useFormat } from '@/i18n/format';

import { rowsOf, type Row, type TrafficEnd } from './tree';
import styles from './TreeTable.module.css';
import { lookOf, useNodeWords, versionOf } from './words';

interface Props {
  topology: Topology;
  focus: string | null;
  onFocus: (id: string) => void;
}

/** The same as the graph as a table with levels; arrow keys walk, open and close it. */
export function TreeTable({ topology, focus, onFocus }: Props) {
  const { t } = useTranslation('topology');
  const { t: common } = useTranslation();
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = useState<string | null>(focus);
  const body = useRef<HTMLTableSectionElement>(null);
  const rows = useMemo(() => rowsOf(topology, collapsed), [topology, collapsed]);
  const at = Math.max(0, rows.findIndex((r) => r.node.id === active));

  const toggle = (id: string, open: boolean) => setCollapsed((before) => new Set(open ? [...before].filter((x) => x !== id) : [...before, id]));
  const go = (index: number) => {
    const to = Math.min(rows.length - 1, Math.max(0, index));
    setActive(rows[to]?.node.id ?? null);
    body.current?.rows[to]?.focus();
  };
  const pressed = (e: KeyboardEvent) => {
    const row = rows[at];
    if (!row) return;
    const act = keys[e.key];
    if (!act) return;
    e.preventDefault();
    act({ row, at, rows, go, toggle, open: () => onFocus(row.node.id) });
  };

  return (
    <div className={styles.frame}>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-to-interactive-role -- a treegrid is a table whose rows are walked; they take the focus */}
      <table role="treegrid" aria-label={t('table')} className={styles.table} onKeyDown={pressed}>
        <thead>
          <tr>
            <th scope="col">{common('name')}</th>
            <th scope="col">{t('kind')}</th>
            <th scope="col">{common('status')}</th>
            <th scope="col">{t('version')}</th>
            <th scope="col">{common('image')}</th>
            <th scope="col">{t('pods')}</th>
            <th scope="col">{t('traffic')}</th>
            <th scope="col">{t('age')}</th>
          </tr>
        </thead>
        <tbody ref={body}>
          {rows.map((row, i) => (
            <TreeRow
              key={row.node.id}
              row={row}
              tabbable={i === at}
              selected={row.node.id === focus}
              onToggle={() => toggle(row.node.id, !row.expanded)}
              onOpen={() => {
                setActive(row.node.id);
                onFocus(row.node.id);
              }}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface Keyed {
  row: Row;
  at: number;
  rows: Row[];
  go: (index: number) => void;
  toggle: (id: string, open: boolean) => void;
  open: () => void;
}

/** The keys of the treegrid pattern of ARIA's authoring practices, rows first. */
const keys: Record<string, (k: Keyed) => void> = {
  ArrowDown: ({ at, go }) => go(at + 1),
  ArrowUp: ({ at, go }) => go(at - 1),
  Home: ({ go }) => go(0),
  End: ({ rows, go }) => go(rows.length - 1),
  ArrowRight: ({ row, at, go, toggle }) => {
    if (row.children === 0) return;
    if (row.expanded) go(at + 1);
    else toggle(row.node.id, true);
  },
  ArrowLeft: ({ row, rows, go, toggle }) => {
    if (row.expanded) toggle(row.node.id, false);
    else if (row.parent !== null) go(rows.findIndex((r) => r.node.id === row.parent));
  },
  Enter: ({ open }) => open(),
  ' ': ({ open }) => open(),
};

interface RowProps {
  row: Row;
  tabbable: boolean;
  selected: boolean;
  onToggle: () => void;
  onOpen: () => void;
}

function TreeRow({ row, tabbable, selected, onToggle, onOpen }: RowProps) {
  const { t } = useTranslation('topology');
  const words = useNodeWords();
  const format = useFormat();
  const now = useNow();
  const { node } = row;
  const share = ({ weight, measured }: TrafficEnd) => {
    if (weight === undefined) return '';
    return measured === undefined ? format.percent(weight) : t('share', { asked: format.percent(weight), measured: format.percent(measured, 1) });
  };
  const lane = node.role === 'canary' ? 'canary' : 'stable';
  const look = lookOf(node.health);
  return (
    <tr
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-expanded={row.children > 0 ? row.expanded : undefined}
      aria-selected={selected}
      tabIndex={tabbable ? 0 : -1}
      className={styles.row}
      onClick={onOpen}
    >
      <th scope="row" role="gridcell">
        <span className={styles.name} style={{ paddingInlineStart: `${(row.level - 1) * 18}px` }}>
          {row.children > 0 ? (
            <span
              aria-hidden="true"
              className={styles.toggle}
              onClick={(e) => {
                e.stopPropagation();
                onToggle();
              }}
            >
              {row.expanded ? '▾' : '▸'}
            </span>
          ) : (
            <span className={styles.toggle} />
          )}
          <span className={styles.text}>{node.name}</span>
        </span>
      </th>
      <td role="gridcell">{node.kind}</td>
      <td role="gridcell" title={node.message}>
        <span className={styles.state}>
          {node.state ? <PodShape name={node.name} state={node.state} lane={lane} /> : <Glyph name={look.glyph} tone={look.tone} size={14} />}
          {words.health(node)}
        </span>
      </td>
      <td role="gridcell">{[versionOf(node), words.role(node)].filter(Boolean).join(' · ')}</td>
      <td role="gridcell" className="mono">
        {tagOf(node.image)}
      </td>
      <td role="gridcell">{words.count(node)}</td>
      <td role="gridcell">{row.traffic.map((end) => ['→', end.to.name, share(end)].filter(Boolean).join(' ')).join(', ')}</td>
      <td role="gridcell">{node.createdAt && format.duration(now.getTime() - new Date(node.createdAt).getTime())}</td>
    </tr>
  );
}
