// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { mkdirSync } from 'node:fs';

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { languages } from '@/i18n/i18n';
import { backend } from '@/test/fixtures';

import { axe, launch, open, overflow, rawKeys } from './browser';
import { looks } from './pages';
import { serve } from './server';

// Screenshots land in the folder that VELAUX_SHOTS names.
const shots = process.env.VELAUX_SHOTS;
let browser: Browser;

beforeAll(async () => {
  if (shots) mkdirSync(shots, { recursive: true });
  browser = await launch();
});
afterAll(() => browser.close());

describe.each(looks)('', ({ name, path, ready, server, act }) => {
  const variants = languages.flatMap((language) => (['light', 'dark'] as const).map((scheme) => ({ language, scheme })));

  test.each(variants)('in , : nothing serious for axe, no complaint of the browser, no raw key', async ({ language, scheme }) => {
    const table = backend();
    server?.(table);
    const site = await serve(table);
    const { page, complaints } = await open(browser, site.url + path, language, scheme);
    try {
      await page.waitForSelector(ready);
      await act?.(page);
      await page.waitForFunction(() => document.querySelector('.ant-skeleton') === null);
      if (shots) await page.screenshot({ path: `${shots}/${name}-${language}-${scheme}.png`, fullPage: true });
      expect(await axe(page)).toEqual([]);
      expect(complaints.filter((c) => !c.includes('401'))).toEqual([]);
      expect(await rawKeys(page)).toEqual([]);
    } finally {
      await page.context().close();
      await site.close();
    }
  });

  test('fits into 320 pixels (400 % zoom)', async () => {
    const table = backend();
    server?.(table);
    const site = await serve(table);
    const { page } = await open(browser, site.url + path, 'en', 'light', 320);
    try {
      await page.waitForSelector(ready);
      await act?.(page);
      if (shots) await page.screenshot({ path: `${shots}/${name}-narrow.png`, fullPage: true });
      expect(await overflow(page)).toEqual([]);
    } finally {
      await page.context().close();
      await site.close();
    }
  });
});
