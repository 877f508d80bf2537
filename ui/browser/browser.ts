// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import type { AxeResults } from 'axe-core';
import { chromium, type Browser, type Page } from 'playwright-core';

import en from '@/i18n/en';
import type { Language } from '@/i18n/i18n';
import type { Scheme } from '@/theme/theme';

/** Debian's Chromium, or the one that CHROMIUM names. */
export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
}

export interface Opened {
  page: Page;
  /** What the browser complained of: errors of scripts, violations of the security policy. */
  complaints: string[];
}

/** Opens a page of the site in a language and a theme, with nothing stored before. */
export async function open(browser: Browser, url: string, language: Language, scheme: Scheme, width = 1280): Promise<Opened> {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: scheme,
    reducedMotion: 'reduce',
    locale: language === 'zh' ? 'zh-CN' : 'en-US',
    timezoneId: 'UTC',
  });
  const page = await context.newPage();
  await page.clock.setFixedTime(new Date('2026-11-29T12:00:00Z'));
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`script error: ${error.message}`));
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.request().method()} ${new URL(response.url()).pathname}`);
  });
  page.on('console', (message) => {
    if (message.text().startsWith('Failed to load resource')) return; // told above, with its address
    if (message.type() === 'error' || (message.type() === 'warning' && message.text().includes('antd'))) complaints.push(`console: ${message.text()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) => console.error(`policy violated: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`));
  });
  await page.goto(url);
  return { page, complaints };
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Serious and critical findings of axe, a line each. */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const results = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as AxeResults;
  return results.violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .flatMap((v) => v.nodes.map((n) => `${v.id} (${v.impact}): ${n.target.join(' ')} ${n.failureSummary?.replaceAll('\n', ' ') ?? ''}`));
}

/** All dotted keys of the catalogues. */
function keysOf(texts: object, prefix = ''): string[] {
  return Object.entries(texts).flatMap(([key, value]) => (typeof value === 'object' ? keysOf(value as object, `${prefix}${key}.`) : [prefix + key]));
}

const keys = new Set(Object.values(en).flatMap((texts) => keysOf(texts)).filter((key) => key.includes('.')));

/** Keys of the catalogues, or unfilled places of texts, that stand on the page instead of words. */
export async function rawKeys(page: Page): Promise<string[]> {
  const text = await page.evaluate(() => document.body.innerText);
  return [...text.matchAll(/[a-zA-Z]+(?:\.[a-zA-Z-]+)+|\{\{\w+\}\}/g)].map((m) => m[0]).filter((word) => word.startsWith('{{') || keys.has(word));
}

/** Says whether the page is wider than the window, and by which element. */
export async function overflow(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.querySelectorAll('body *')]
      .filter((e) => e.getBoundingClientRect().right > width + 1)
      .slice(-3)
      .map((e) => `${e.tagName.toLowerCase()}.${e.className} reaches ${Math.round(e.getBoundingClientRect().right)} of ${width}`);
  });
}
