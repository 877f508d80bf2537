// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { expect, test } from 'vitest';

import { chapter } from './chapter';
import { answers, command } from './stage';

const c = chapter();
const { gateway, quiet, velad } = c.stage;

test('31 velad is stopped in a release and started again: the open page says so and goes on, and its address shows the same', async () => {
  const { admin } = c;
  await admin.releaseByCanary('v3');
  await admin.page.evaluate(() => document.body.setAttribute('data-same', 'page'));
  expect((await fetch(quiet, { method: 'POST' })).status).toBe(204); // the gateway is in velad: nobody could answer the load
  await command(velad.file, velad.down);
  const banner = admin.page.getByRole('status').filter({ hasText: admin.say('behind') });
  await banner.waitFor();
  await command(velad.file, velad.up);
  await banner.waitFor({ state: 'detached', timeout: 30_000 });
  await admin.suspendedAt(33);
  expect(await admin.page.evaluate(() => document.body.getAttribute('data-same')), 'the page was not loaded anew').toBe('page');
  await admin.visit(admin.page.url());
  await admin.suspendedAt(33);
  await admin.decide('rollback');
  await admin.rolledBack();
  expect(await answers(gateway, 50)).toEqual({ 'Demo: V2': 50 });
});
