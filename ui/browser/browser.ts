// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import type { AxeResults } from 'axe-core';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

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

/** A browser of its own for a language and a theme; what it loaded once it need not load again. */
export function profile(browser: Browser, language: Language, scheme: Scheme, width = 1280): Promise<BrowserContext> {
  return browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: scheme,
    reducedMotion: 'reduce',
    locale: language === 'zh' ? 'zh-CN' : 'en-US',
    timezoneId: 'UTC',
  });
}

/** Opens an address in a new page, and keeps what the browser complains of. */
export async function visit(context: BrowserContext, url: string): Promise<Opened> {
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

/** Opens a page of the site in a language and a theme, with nothing stored before. */
export async function open(browser: Browser, url: string, language: Language, scheme: Scheme, width?: number): Promise<Opened> {
  return visit(await profile(browser, language, scheme, width), url);
}

/** Shows the open page in the other theme, as when the operating system changes at dusk. */
export async function turn(page: Page, scheme: Scheme): Promise<void> {
  await page.emulateMedia({ colorScheme: scheme });
  await page.waitForFunction((wanted) => document.documentElement.dataset.theme === wanted, scheme);
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Rules that look at colours: all that another theme can break, since it changes nothing else of a page. */
const colours = ['color-contrast', 'link-in-text-block'];

/** Serious and critical findings of axe, a line each; of all rules, or of those about colours. */
export async function axe(page: Page, rules: 'all' | 'colours' = 'all'): Promise<string[]> {
  const options = { resultTypes: ['violations'], ...(rules === 'colours' && { runOnly: { type: 'rule', values: colours } }) };
  await page.evaluate(`if (!window.axe) { ${axeSource} }`);
  const results = (await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`)) as AxeResults;
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
