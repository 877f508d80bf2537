// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { mkdirSync } from 'node:fs';

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { problem } from '@/test/fakeBackend';
import { releaseBackend } from '@/test/release';

import { axe, launch, open, overflow, turn } from './browser';
import { serve } from './server';

const run = '/apps/default/canary-demo/runs/v2';
const shots = process.env.VELAUX_SHOTS;
let browser: Browser;
beforeAll(async () => {
  if (shots) mkdirSync(shots, { recursive: true });
  browser = await launch();
});
afterAll(() => browser.close());

const named = (page: Page) => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '');

async function tabTo(page: Page, name: string): Promise<void> {
  await expect
    .poll(
      async () => {
        if ((await named(page)) !== name) await page.keyboard.press('Tab');
        return named(page);
      },
      { interval: 5, timeout: 20_000, message: `no ${name} by Tab` },
    )
    .toBe(name);
}

test('a release is continued and rolled back by keyboard alone; what has the focus is seen, and it comes back', async () => {
  const server = releaseBackend();
  const site = await serve(server);
  const { page, complaints } = await open(browser, site.url + run, 'en', 'light');
  try {
    await page.waitForSelector('[aria-keyshortcuts=c]');
    await tabTo(page, 'Continue');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[role=dialog]');
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('TEXTAREA');
    await page.keyboard.type('looks good');
    await tabTo(page, 'Cancel');
    await tabTo(page, 'Continue');
    expect(await page.evaluate(() => document.activeElement?.closest('[role=dialog]') !== null), 'the dialog keeps the focus').toBe(true);
    await page.keyboard.press('Enter');
    await page.waitForSelector('[role=dialog]', { state: 'detached' });
    expect(server.lastBody(`POST ${run}/actions`)).toEqual({ action: 'resume', stepId: 's2', reason: 'looks good' });
    await expect.poll(() => named(page)).toBe('Continue');

    await tabTo(page, 'Rollback');
    expect(await page.evaluate(() => getComputedStyle(document.activeElement as Element).outlineStyle)).not.toBe('none');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[role=dialog]');
    await expect.poll(() => named(page)).toBe('Cancel');
    await page.keyboard.press('Escape');
    await page.waitForSelector('[role=dialog]', { state: 'detached' });
    await expect.poll(() => named(page)).toBe('Rollback');
    expect(server.bodies.filter((b) => b.request === `POST ${run}/actions`)).toHaveLength(1);
    expect(complaints).toEqual([]);
  } finally {
    await page.context().close();
    await site.close();
  }
});

test('an approval can be given on a page of 320 pixels: the dialog fits, and its buttons can be hit', async () => {
  const site = await serve(releaseBackend());
  const { page } = await open(browser, site.url + run, 'en', 'light', 320);
  try {
    await page.getByRole('button', { name: 'Continue' }).click();
    const ok = page.getByRole('dialog').getByRole('button', { name: 'Continue' });
    await ok.waitFor();
    const box = await ok.boundingBox();
    expect(box && box.x >= 0 && box.x + box.width <= 320 && box.height >= 24).toBe(true);
    if (shots) await page.screenshot({ path: `${shots}/run-continue-phone.png` });
    expect(await overflow(page)).toEqual([]);
    await ok.click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  } finally {
    await page.context().close();
    await site.close();
  }
});

test('with forced colours versions are told apart by shape, and nothing is lost', async () => {
  const site = await serve(releaseBackend());
  const { page } = await open(browser, site.url + run, 'en', 'light');
  try {
    await page.emulateMedia({ forcedColors: 'active' });
    await page.waitForSelector('[aria-keyshortcuts=c]');
    if (shots) await page.screenshot({ path: `${shots}/run-forced-colors.png`, fullPage: true });
    const strokes = await page.locator('svg[data-state=Ready] circle').evaluateAll((all) => all.map((c) => getComputedStyle(c).stroke));
    expect(strokes.length).toBe(3);
    expect(await page.locator('svg[data-state=Ready] path').count(), 'a pod of the new version has a stripe').toBe(1);
    expect(await axe(page)).toEqual([]);
  } finally {
    await page.context().close();
    await site.close();
  }
});

test('an open shell is as dark as the page when the theme changes', async () => {
  const server = releaseBackend()
    .on('get', '/system', () => ({ version: 'v1', startedAt: '2026-11-29T07:00:00Z', streams: 1, execEnabled: true, checks: [] }))
    .on('post', '/apps/{ns}/{app}/pods/{pod}/exec-tickets', () => {
      throw problem(403, 'forbidden', { params: { verb: 'create', resource: 'pods/exec' } });
    });
  const site = await serve(server);
  const { page, complaints } = await open(browser, `${site.url}/apps/default/canary-demo/pods/canary-demo-9c1-q5w8z?tab=shell`, 'en', 'light');
  try {
    await page.locator('[role=tabpanel] .ant-btn-primary').click();
    await page.waitForSelector('.xterm-rows');
    await turn(page, 'dark');
    const behind = () =>
      page.evaluate(() => {
        const probe = document.createElement('i');
        probe.style.color = 'var(--surface)';
        document.body.append(probe);
        const wanted = getComputedStyle(probe).color;
        probe.remove();
        const shown = [...document.querySelectorAll('.xterm, .xterm *')].map((e) => getComputedStyle(e).backgroundColor).filter((c) => c !== 'rgba(0, 0, 0, 0)');
        return { wanted, shown: shown.includes(wanted) };
      });
    await expect.poll(behind).toMatchObject({ shown: true });
    expect(complaints.filter((c) => c.includes('policy'))).toEqual([]);
  } finally {
    await page.context().close();
    await site.close();
  }
});

test('a graph of 200 objects is drawn, and its pods are boxes of many', async () => {
  const server = releaseBackend().on('get', '/apps/{ns}/{app}/topology', () => {
    const pods = Array.from({ length: 196 }, (_, i) => ({ id: `p${i}`, kind: 'Pod', name: `pod-${i}`, health: 'Healthy' as const, state: 'Ready' as const, role: i % 2 ? ('canary' as const) : ('stable' as const) }));
    const sets = ['stable', 'canary'].map((role) => ({ id: role, kind: 'ReplicaSet', name: `demo-${role}`, health: 'Healthy' as const, role: role as 'stable' | 'canary' }));
    return {
      nodes: [{ id: 'd', kind: 'Deployment', name: 'demo', health: 'Healthy' as const }, ...sets, ...pods],
      edges: [
        ...sets.map((s) => ({ from: 'd', to: s.id, kind: 'owns' as const })),
        ...pods.map((p) => ({ from: p.role, to: p.id, kind: 'owns' as const })),
      ],
      summary: { pods: 196, readyPods: 196, revisions: [] },
    };
  });
  const site = await serve(server);
  const { page, complaints } = await open(browser, `${site.url}/apps/default/canary-demo/topology`, 'en', 'light');
  try {
    await page.waitForSelector('[data-kind=Pods]');
    expect(await page.locator('.react-flow__node').count()).toBe(5);
    await page.getByRole('radiogroup', { name: 'View' }).getByText('Table').click();
    await page.getByRole('treegrid').waitFor();
    expect(await page.getByRole('row').count()).toBe(200);
    expect(complaints).toEqual([]);
  } finally {
    await page.context().close();
    await site.close();
  }
});
