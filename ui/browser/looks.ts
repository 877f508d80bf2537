// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Language } from '@/i18n/i18n';
import { backend } from '@/test/fixtures';
import type { Scheme } from '@/theme/theme';

import { axe, launch, overflow, profile, rawKeys, turn, visit } from './browser';
import { looks, type Look } from './pages';
import { serve, type Site } from './server';

// VELAUX_SHOTS is the folder for pictures, LOOKS names the pages to look at; without them there are none, and all.
const shots = process.env.VELAUX_SHOTS;
const wanted = process.env.LOOKS?.split(',');

/** A picture of what is seen, as WebP: a quarter of the size of a PNG. */
async function picture(page: Page, { name, whole }: Look, language: Language, scheme: Scheme): Promise<void> {
  if (!shots) return;
  const height = whole ? await page.evaluate(() => document.documentElement.scrollHeight) : 800;
  await page.setViewportSize({ width: 1280, height });
  const devtools = await page.context().newCDPSession(page);
  const { data } = await devtools.send('Page.captureScreenshot', { format: 'webp', quality: 82 });
  await devtools.detach();
  writeFileSync(join(shots, `${name}-${language}-${scheme}.webp`), Buffer.from(data, 'base64'));
}

/** Looks at every page in a language: in both themes, and on the narrowest screen. One page is loaded for all of it. */
export function lookAtAll(language: Language): void {
  let browser: Browser;
  let context: BrowserContext;
  let site: Site;

  beforeAll(async () => {
    if (shots) mkdirSync(shots, { recursive: true });
    [browser, site] = [await launch(), await serve(backend())];
    context = await profile(browser, language, 'light');
  });
  afterAll(async () => {
    await browser.close();
    await site.close();
  });

  const named = looks.filter((look) => !wanted || wanted.includes(look.name)).map((look) => [look.name, look] as const);
  test.each(named)('%s: nothing serious for axe in either theme, no complaint of the browser, no raw key, and it fits into 320 pixels', async (_, look) => {
    site.backend = backend();
    look.server?.(site.backend);
    const { page, complaints } = await visit(context, site.url + look.path);
    try {
      await page.waitForSelector(look.ready);
      await look.act?.(page);
      await page.waitForFunction(() => document.querySelector('.ant-skeleton') === null);
      expect.soft(await axe(page), 'axe').toEqual([]);
      expect.soft(await rawKeys(page), 'raw keys').toEqual([]);
      await picture(page, look, language, 'light');
      await turn(page, 'dark');
      expect.soft(await axe(page, 'colours'), 'axe in the dark').toEqual([]);
      await picture(page, look, language, 'dark');
      await page.setViewportSize({ width: 320, height: 900 });
      expect.soft(await overflow(page), 'at 320 pixels').toEqual([]);
      expect.soft(complaints.filter((c) => !c.includes('401') && !look.expected?.test(c)), 'complaints').toEqual([]);
      await page.evaluate(() => localStorage.clear());
    } finally {
      await page.close();
    }
  });
}
