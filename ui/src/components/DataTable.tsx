// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Button } from 'antd';
import { useMemo, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import styles from './DataTable.module.css';

export interface Column<T> {
  key: string;
  header: string;
  cell: (row: T) => ReactNode;
  /** Makes the column sortable by this value. */
  sort?: (row: T) => string | number;
  /** The cell that names the row. */
  rowHeader?: boolean;
  align?: 'end';
  /** Stays on one line: times, names, tags. */
  oneLine?: boolean;
}

export interface Sort {
  key: string;
  descending: boolean;
}

interface Props<T> {
  /** What the table is of, for people who listen. */
  label: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string;
  /** What stands there when there are no rows. */
  empty: ReactNode;
  sort?: Sort;
  onSort?: (sort: Sort) => void;
  pageSize?: number;
}

/** A table that can be sorted, grows by pages, and becomes cards where the page is narrow. */
export function DataTable<T>({ label, columns, rows, rowKey, empty, sort: given, onSort, pageSize = 50 }: Props<T>) {
  const { t } = useTranslation();
  const [own, setOwn] = useState<Sort | undefined>(given);
  const [pages, setPages] = useState(1);
  const sort = onSort ? given : own;
  const sorted = useMemo(() => sortRows(rows, columns, sort), [rows, columns, sort]);
  if (rows.length === 0) return <div className={styles.empty}>{empty}</div>;
  const shown = sorted.slice(0, pages * pageSize);
  const rest = Math.min(pageSize, sorted.length - shown.length);
  return (
    <>
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <Header key={column.key} column={column} sort={sort} onSort={onSort ?? setOwn} />
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => {
                const Cell = column.rowHeader ? 'th' : 'td';
                return (
                  <Cell key={column.key} scope={column.rowHeader ? 'row' : undefined} data-label={column.header} data-align={column.align} data-line={column.oneLine ? 'one' : undefined}>
                    {column.cell(row)}
                  </Cell>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {rest > 0 && (
        <div className={styles.foot}>
          <span className="muted">{t('table.shown', { shown: shown.length, all: sorted.length })}</span>
          <Button onClick={() => setPages(pages + 1)}>{t('table.more', { count: rest })}</Button>
        </div>
      )}
    </>
  );
}

function Header<T>({ column, sort, onSort }: { column: Column<T>; sort: Sort | undefined; onSort: (sort: Sort) => void }) {
  const active = sort?.key === column.key;
  const direction = sort?.descending ? 'descending' : 'ascending';
  return (
    <th scope="col" data-align={column.align} aria-sort={column.sort ? (active ? direction : 'none') : undefined}>
      {column.sort ? (
        <button type="button" className={styles.sort} onClick={() => onSort({ key: column.key, descending: active && !sort.descending })}>
          {column.header}
          <span aria-hidden="true" className={styles.arrow}>
            {active ? (sort.descending ? '↓' : '↑') : '↕'}
          </span>
        </button>
      ) : (
        column.header
      )}
    </th>
  );
}

/** The rows in order; equal ones stay as they were. */
export function sortRows<T>(rows: T[], columns: Column<T>[], sort: Sort | undefined): T[] {
  const by = columns.find((c) => c.key === sort?.key)?.sort;
  if (!by || !sort) return rows;
  const sign = sort.descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [by(a), by(b)];
    if (typeof x === 'number' && typeof y === 'number') return sign * (x - y);
    return sign * String(x).localeCompare(String(y));
  });
}
