// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { act } from 'react';
import { expect, test } from 'vitest';

import { FakeEventSource } from '@/test/fakeBackend';
import { releaseBackend } from '@/test/release';
import { renderAt } from '@/test/render';
import { topology } from '@/test/topology';

const page = '/apps/default/canary-demo/topology?view=table';

test('the table says the versions, is walked by arrow keys, and a pod that becomes ready is seen at once', async () => {
  const { router } = await renderAt(page, { backend: releaseBackend() });
  const grid = await screen.findByRole('treegrid', { name: 'Resources as a table' });
  expect(screen.getByText(/3 of 3 pods ready: v1 \(stable\) 2 of 2 and v2 \(canary\) 1 of 1/)).toBeTruthy();
  expect(within(grid).getByText(/→ canary-demo-stable 67%, → canary-demo-canary 33% \(measured 32.6%\)/)).toBeTruthy();
  const rows = () => within(grid).getAllByRole('row').slice(1);
  expect(rows()).toHaveLength(topology.nodes.length);

  rows()[0]?.focus();
  await userEvent.keyboard('{ArrowDown}{ArrowDown}{ArrowLeft}');
  expect(rows()).toHaveLength(topology.nodes.length - 5);
  await userEvent.keyboard('{ArrowRight}{End}{Enter}');
  expect(router.state.location.search).toContain('focus=Service%2Fcanary-demo-canary');
  expect(screen.getByRole('region', { name: 'Service canary-demo-canary' })).toBeTruthy();

  const more = { ...topology, nodes: [...topology.nodes, { id: 'Pod/new', kind: 'Pod', name: 'new', health: 'Healthy' as const, state: 'Ready' as const, publishVersion: 'v2', role: 'canary' as const }] };
  act(() => {
    FakeEventSource.say({ event: 'server', streamId: '1', version: 'x' });
    FakeEventSource.say({ event: 'snapshot', topic: 'topology:default/canary-demo', version: '2', data: more });
  });
  expect(await within(grid).findByText('new')).toBeTruthy();
});
