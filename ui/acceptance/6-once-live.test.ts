// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { setTimeout as pass } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { overflow } from '../browser/browser';
import { chapter } from './chapter';
import { Kube } from './kube';
import { Line } from './line';
import { answers, tell } from './stage';

// A release of version 3, seen by three people: at a desk, through glasses (400 % zoom), and over a bad line.
const c = chapter();
const { gateway, url, kubeconfig } = c.stage;
/** A desk of 1280 by 1024 pixels at 400 %. */
const zoomed = { width: 320, height: 256 };
let line: Line;

beforeAll(async () => {
  line = await Line.to(Number(new URL(url).port));
});
afterAll(() => line.close());

test('a pod that became ready is seen in the page within two seconds', async () => {
  const desk = await c.signedIn('viewer');
  await desk.visit(desk.at('/topology?view=table'));
  await desk.page.getByRole('treegrid').waitFor();
  const seen = new Map<string, number>();
  await desk.page.exposeFunction('seenReady', (pod: string, at: number) => seen.has(pod) || seen.set(pod, at));
  await desk.page.evaluate((ready) => {
    const look = () => {
      for (const row of document.querySelectorAll<HTMLTableRowElement>('[role=treegrid] tbody tr')) {
        const [name, kind, status] = [...row.cells].map((cell) => cell.innerText.trim());
        if (kind === 'Pod' && status === ready) (window as unknown as { seenReady: (pod: string, at: number) => void }).seenReady(name ?? '', Date.now());
      }
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  }, desk.say('ready'));

  const ready = new Map<string, number>();
  const stop = await new Kube(kubeconfig).watchReady(desk.app, (pod, at) => ready.set(pod, at));
  await c.admin.releaseByCanary('v3');
  await c.admin.decide('continue');
  await c.admin.suspendedAt(66);
  await expect.poll(() => ready.size).toBeGreaterThanOrEqual(2);
  await expect.poll(() => [...ready.keys()].filter((pod) => !seen.has(pod))).toEqual([]);
  stop();
  const late = [...ready].map(([pod, at]) => (seen.get(pod) ?? Infinity) - at).sort((a, b) => a - b);
  tell(`from a pod's Ready to the page: ${late.map((ms) => `${ms} ms`).join(', ')}`);
  expect(late.at(-1)).toBeLessThan(2000);
  await desk.leave();
});

test('400 % zoom: a release is rolled back, and another one continued, on a page of 320 by 256 pixels', async () => {
  const glasses = await c.signedIn('operator', zoomed);
  await glasses.visit(c.admin.page.url());
  await glasses.suspendedAt(66);
  expect(await overflow(glasses.page)).toEqual([]);
  await glasses.decide('rollback');
  await glasses.rolledBack();
  await c.admin.releaseByCanary('v3');
  await glasses.visit(c.admin.page.url());
  await glasses.suspendedAt(33);
  await glasses.button('continue').click();
  expect(await overflow(glasses.page)).toEqual([]);
  await glasses.button('continue', glasses.dialog()).click();
  await glasses.suspendedAt(66);
  await c.admin.decide('rollback');
  await c.admin.rolledBack();
  await glasses.leave();
});

test('the line is cut for 30 s in a release: the page says so, keeps all it has, and then shows what happened', async () => {
  await c.admin.releaseByCanary('v3');
  const far = await c.signedIn('operator', { url: `http://127.0.0.1:${line.port}` });
  const opened: string[] = [];
  far.page.on('request', (r) => new URL(r.url()).pathname.endsWith('/stream') && opened.push(r.url()));
  await far.visit(new URL(new URL(c.admin.page.url()).pathname, far.url).href);
  await far.suspendedAt(33);
  await far.page.getByText(far.say('live'), { exact: true }).waitFor();
  await far.button('rollback').click();
  await far.dialog().getByLabel(new RegExp(`^${far.say('reason')}`)).fill('half a sentence');
  await far.page.evaluate(() => document.body.setAttribute('data-same', 'page'));
  const banner = far.page.getByRole('status').filter({ hasText: far.say('behind') });

  line.cut();
  const cut = pass(30_000);
  await banner.waitFor({ timeout: 8000 });
  await far.page.getByText(new RegExp(far.say('lastKnown'))).waitFor();
  await c.admin.decide('continue');
  await c.admin.suspendedAt(66);
  expect(await answers(gateway, 20)).toHaveProperty('Demo: V3');
  await cut;
  expect(await banner.isVisible()).toBe(true);
  expect(await far.dialog().getByLabel(new RegExp(`^${far.say('reason')}`)).inputValue()).toBe('half a sentence');
  const before = opened.length;

  line.mend();
  const mended = Date.now();
  await far.page.getByText(far.say('live'), { exact: true }).waitFor({ timeout: 20_000 });
  tell(`the stream is back ${Date.now() - mended} ms after a cut of 30 s`);
  await banner.waitFor({ state: 'detached' });
  expect(opened.slice(before).at(-1), 'it goes on where it was cut').toContain('after=');
  expect(await far.dialog().getByLabel(new RegExp(`^${far.say('reason')}`)).inputValue()).toBe('half a sentence');
  await far.suspendedAt(66);
  await far.button('rollback', far.dialog()).click(); // right at any step
  await far.rolledBack();
  expect(await far.page.evaluate(() => document.body.getAttribute('data-same')), 'the page was not loaded anew').toBe('page');
  await far.leave();
});
