// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';

import { renderPart } from '@/test/render';

import { DataTable, type Column } from './DataTable';

interface Row {
  name: string;
  size: number;
}

const columns: Column<Row>[] = [
  { key: 'name', header: 'Name', cell: (r) => r.name, sort: (r) => r.name, rowHeader: true },
  { key: 'size', header: 'Size', cell: (r) => r.size, sort: (r) => r.size },
];
const rows: Row[] = [
  { name: 'b', size: 10 },
  { name: 'a', size: 9 },
  { name: 'c', size: 100 },
];
const names = () => screen.getAllByRole('rowheader').map((h) => h.textContent);

test('a column sorts by its value, numbers as numbers, and says which way', async () => {
  await renderPart(<DataTable label="things" columns={columns} rows={rows} rowKey={(r) => r.name} empty="none" />);
  expect(names()).toEqual(['b', 'a', 'c']);
  const size = screen.getByRole('columnheader', { name: 'Size' });
  expect(size).toHaveProperty('ariaSort', 'none');
  await userEvent.click(within(size).getByRole('button'));
  expect(names()).toEqual(['a', 'b', 'c']);
  expect(size.getAttribute('aria-sort')).toBe('ascending');
  await userEvent.click(within(size).getByRole('button'));
  expect(names()).toEqual(['c', 'b', 'a']);
});

test('many rows come by pages', async () => {
  const many = Array.from({ length: 70 }, (_, i) => ({ name: `r${i}`, size: i }));
  await renderPart(<DataTable label="things" columns={columns} rows={many} rowKey={(r) => r.name} empty="none" />);
  expect(names()).toHaveLength(50);
  await userEvent.click(screen.getByRole('button', { name: 'Show 20 more' }));
  expect(names()).toHaveLength(70);
  expect(screen.queryByRole('button', { name: /more/ })).toBeNull();
});

test('no rows leave the word that was given', async () => {
  await renderPart(<DataTable label="things" columns={columns} rows={[]} rowKey={(r: Row) => r.name} empty="Nothing yet" />);
  expect(screen.getByText('Nothing yet')).toBeTruthy();
  expect(screen.queryByRole('table')).toBeNull();
});
