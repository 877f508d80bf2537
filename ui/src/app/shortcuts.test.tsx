// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';

import { renderPart } from '@/test/render';

import { press, useShortcut } from './shortcuts';

test.each<[string, string, string | null, string]>([
  ['', '?', 'help', ''],
  ['', 'g', null, 'g'],
  ['g', 'h', 'home', ''],
  ['g', 'x', null, ''],
  ['g', 'c', 'continue', ''],
  ['', 'x', null, ''],
])('after %j the key %j means %j', (before, key, name, pressed) => {
  expect(press(before, key)).toEqual({ name, pressed });
});

function Listening({ run }: { run: () => void }) {
  useShortcut('continue', run);
  return <input aria-label="field" />;
}

test('keys that are typed into a field are text', async () => {
  const run = vi.fn();
  const { getByLabelText } = await renderPart(<Listening run={run} />);
  await userEvent.type(getByLabelText('field'), 'c');
  expect(run).not.toHaveBeenCalled();
});

test('keys do nothing for who has turned them off', async () => {
  const run = vi.fn();
  localStorage.setItem('velaux.shortcuts', 'off');
  await renderPart(<Listening run={run} />);
  await userEvent.keyboard('c');
  expect(run).not.toHaveBeenCalled();
});
