// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { expect, test } from 'vitest';

import { axe, overflow, rawKeys, turn } from '../browser/browser';
import { chapter } from './chapter';

const c = chapter();

const pages = ['/', '/apps', '/apps/new', '/settings', '/settings/access', '/system'];
const ofTheApplication = ['', '/config', '/workflows', '/workflows/default', '/runs', '/topology', '/topology?view=table', '/pods', '/logs', '/revisions', '?deploy'];

test('34 no serious finding of axe in either theme, no raw key, nothing too wide, on any page', async () => {
  const who = await c.visitor();
  const found: Record<string, string[]> = {};
  const look = async (path: string) => {
    const light = [...(await axe(who.page)), ...(await rawKeys(who.page)).map((key) => `raw key ${key}`), ...(await overflow(who.page))];
    await turn(who.page, 'dark');
    const faults = [...light, ...(await axe(who.page, 'colours')).map((fault) => `dark: ${fault}`)];
    await turn(who.page, 'light');
    if (faults.length > 0) found[path] = faults;
  };
  await who.visit(`${who.url}/login`);
  await who.button('signIn').waitFor();
  await look('/login');
  await who.signIn('admin', c.stage.passwords.admin);
  const { run } = await who.release();
  for (const path of [...pages, ...[...ofTheApplication, `/runs/${run}`].map((rest) => who.at(rest).slice(who.url.length))]) {
    await who.visit(who.url + path);
    await who.page.locator('main h1, main h2').first().waitFor();
    await expect.poll(() => who.page.locator('.ant-skeleton').count()).toBe(0);
    await look(path);
  }
  expect(found).toEqual({});
  await who.leave();
});
