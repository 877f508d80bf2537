// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';

import type { Change } from '@/api/schema.gen';
import { problem } from '@/test/fakeBackend';
import { releaseBackend, revisions, run } from '@/test/release';
import { renderAt } from '@/test/render';

import { sidesOf } from './sides';

const back: Change = { op: 'changed', kind: 'image', path: '/i', from: 'x:v2', to: 'x:v1' };
const page = '/apps/default/canary-demo/revisions';

describe('what is compared', () => {
  test.each([
    ['without a word the newest with the one before it', null, null, { from: 'canary-demo-v1', to: 'canary-demo-v2' }],
    ['what is stored with what is deployed', null, 'stored', { from: 'deployed', to: 'stored' }],
    ['the first with nothing', null, 'canary-demo-v1', null],
    ['never a thing with itself', 'canary-demo-v1', 'canary-demo-v1', null],
  ])('is %s', (_, from, to, want) => {
    expect(sidesOf(from, to, revisions)).toEqual(want);
  });
});

test('a revision leads to what it changed, and the address can be passed on', async () => {
  const diff = { equal: false, workflowDiffers: false, changes: revisions[0]?.changes ?? [], left: { title: 'canary-demo-v1', yaml: 'image: v1\n' }, right: { title: 'canary-demo-v2', yaml: 'image: v2\n' } };
  const { router, backend } = await renderAt(page, { backend: releaseBackend().on('post', '/apps/{ns}/{app}/diff', () => diff) });
  await userEvent.click(await screen.findByRole('button', { name: 'Diff of v2 and the one before it' }));
  const part = within(await screen.findByRole('region', { name: 'Comparison' }));
  expect(await part.findByText('wangyikewyk/canarydemo:v2', { selector: 'ins' })).toBeTruthy();
  expect(router.state.location.search).toBe('?from=canary-demo-v1&to=canary-demo-v2');
  expect(backend.lastBody('POST /apps/default/canary-demo/diff')).toEqual({
    left: { kind: 'revision', revision: 'canary-demo-v1' },
    right: { kind: 'revision', revision: 'canary-demo-v2' },
  });
});

test('a rollback says what it changes, and asks once more where a release is in the way', async () => {
  const path = 'POST /apps/default/canary-demo/revisions/canary-demo-v1/rollback';
  let tries = 0;
  const backend = releaseBackend()
    .on('post', '/apps/{ns}/{app}/diff', () => ({
      equal: false, workflowDiffers: false,
      changes: [back],
      left: { title: 'deployed', yaml: '' },
      right: { title: 'v1', yaml: '' },
    }))
    .on('post', '/apps/{ns}/{app}/revisions/{revision}/rollback', ({ body }) => {
      tries++;
      if (!body.supersede) throw problem(409, 'release-in-progress', { params: { run: 'v2' } });
      return { ...run, id: 'v3', revision: 'canary-demo-v3' };
    });
  const { router } = await renderAt(page, { backend });
  await userEvent.click(await screen.findByRole('button', { name: 'Rollback to v1' }));
  const dialog = within(await screen.findByRole('dialog'));
  expect(await dialog.findByText('x:v1', { selector: 'ins' })).toBeTruthy();
  await userEvent.click(dialog.getByRole('button', { name: 'Rollback' }));
  expect(await dialog.findByText('Another release (v2) has not ended.')).toBeTruthy();
  await userEvent.click(dialog.getByRole('checkbox'));
  await userEvent.click(dialog.getByRole('button', { name: 'Rollback' }));
  await waitFor(() => expect(router.state.location.pathname).toBe('/apps/default/canary-demo/runs/v3'));
  expect(backend.lastBody(path)).toEqual({ supersede: true });
  expect(tries).toBe(2);
});
