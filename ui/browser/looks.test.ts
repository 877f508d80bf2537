// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { mkdirSync } from 'node:fs';

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { languages, type Language } from '@/i18n/i18n';
import { backend } from '@/test/fixtures';
import type { Scheme } from '@/theme/theme';

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

// LOOKS names the pages to look at; all of them without it.
const wanted = process.env.LOOKS?.split(',');
const variants = languages.flatMap((language) => (['light', 'dark'] as const).map((scheme) => [language, scheme] as const));

describe.each(looks.filter((l) => !wanted || wanted.includes(l.name)).map((l) => [l.name, l] as const))('%s', (name, { path, ready, server, act, expected }) => {
  const show = async (language: Language, scheme: Scheme, width?: number) => {
    const table = backend();
    server?.(table);
    const site = await serve(table);
    const opened = await open(browser, site.url + path, language, scheme, width);
    await opened.page.waitForSelector(ready);
    await act?.(opened.page);
    await opened.page.waitForFunction(() => document.querySelector('.ant-skeleton') === null);
    if (shots) await opened.page.screenshot({ path: `${shots}/${name}-${language}-${scheme}${width ? '-narrow' : ''}.png`, fullPage: true });
    return {
      ...opened,
      close: async () => {
        await opened.page.context().close();
        await site.close();
      },
    };
  };

  test.each(variants)('in %s, %s: nothing serious for axe, no complaint of the browser, no raw key', async (language, scheme) => {
    const { page, complaints, close } = await show(language, scheme);
    try {
      expect(await axe(page)).toEqual([]);
      expect(complaints.filter((c) => !c.includes('401') && !expected?.test(c))).toEqual([]);
      expect(await rawKeys(page)).toEqual([]);
    } finally {
      await close();
    }
  });

  test('fits into 320 pixels (400 % zoom)', async () => {
    const { page, close } = await show('en', 'light', 320);
    try {
      expect(await overflow(page)).toEqual([]);
    } finally {
      await close();
    }
  });
});
