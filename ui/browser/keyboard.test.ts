// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { AppCreate } from '@/api/schema.gen';
import { app, backend } from '@/test/fixtures';

import { launch, open } from './browser';
import { nameOfFocused } from './keys';
import { serve } from './server';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** Tabs until what has the focus is called so; at most so often. */
async function tabTo(page: Page, name: RegExp, most = 60): Promise<void> {
  const seen: string[] = [];
  for (let i = 0; i < most; i++) {
    const now = await nameOfFocused(page);
    if (name.test(now)) return;
    seen.push(now);
    await page.keyboard.press('Tab');
  }
  throw new Error(`no ${name} within ${most} tabs: ${seen.join(' | ')}`);
}

test('an application is made, gets a trait and is deployed without a mouse', async () => {
  const bare = structuredClone(app);
  for (const component of bare.spec.components) component.traits = [];
  const server = backend().on('get', '/apps/{ns}/{app}', () => bare);
  const site = await serve(server);
  const { page, complaints } = await open(browser, `${site.url}/apps`, 'en', 'light');
  try {
    await page.waitForSelector('main table');
    await tabTo(page, /New Application/);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#name');
    await expect.poll(() => nameOfFocused(page)).toMatch(/^Name/);
    await page.keyboard.type('canary-demo');
    await tabTo(page, /Next Step/);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#new_image');
    await tabTo(page, /Container Image/);
    await page.keyboard.type('wangyikewyk/canarydemo:v1');
    await tabTo(page, /^Port/);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('8090');
    await tabTo(page, /^Create$/);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/config$/);
    expect((server.lastBody('POST /apps') as AppCreate).spec.components[0]?.properties).toEqual({ image: 'wangyikewyk/canarydemo:v1', ports: [{ port: 8090, expose: true }] });

    await page.waitForSelector('main h2');
    await tabTo(page, /Add a trait/);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.ant-drawer [role=combobox]');
    await expect.poll(() => nameOfFocused(page)).toMatch(/Type/);
    await page.keyboard.type('scaler');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#trait_replicas');
    await tabTo(page, /Replicas/);
    await page.keyboard.type('3');
    await tabTo(page, /^Create$/);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'scaler (3)' }).waitFor();

    await tabTo(page, /^Deploy$/, 80);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.ant-modal input[type=radio]');
    // The focus is in the dialog, or on the browser's own bar on its way around; never on the page behind.
    for (let i = 0; i < 20; i++) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement === document.body || document.querySelector('.ant-modal')?.contains(document.activeElement)), `after ${i + 1} tabs`).toBe(true);
    }
    await page.keyboard.press('Escape');
    await page.waitForSelector('.ant-modal', { state: 'detached' });
    expect(await nameOfFocused(page)).toBe('Deploy');
    expect(complaints).toEqual([]);
  } finally {
    await page.context().close();
    await site.close();
  }
});
