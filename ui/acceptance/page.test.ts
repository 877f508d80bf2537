// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { axe, rawKeys } from '../browser/browser';
import { answers, command, curl, launch, person, stage, type Person } from './stage';
import { speak } from './words';

// The steps have the numbers of the acceptance script; each begins where the one before it ended.
const at = stage();
const say = speak(at.language);
const image = (tag: string) => `wangyikewyk/canarydemo:${tag}`;
let browser: Browser;
let admin: Person;
let page: Page;

beforeAll(async () => {
  if (at.shots) mkdirSync(at.shots, { recursive: true });
  browser = await launch();
  admin = await person(browser, at.language);
  page = admin.page;
});
afterAll(() => browser.close());
afterEach(async ({ task }) => {
  const name = task.name.split(' ')[0] ?? 'step';
  if (at.shots) await page.screenshot({ path: join(at.shots, `${name}-${at.language}.png`) });
  expect(admin.complaints).toEqual([]);
});

const button = (word: Parameters<typeof say>[0], within: Page | Locator = page) => within.getByRole('button', { name: say(word), exact: true });
const dialog = () => page.getByRole('dialog').last();
const app = (rest = '') => `${at.url}/apps/default/canary-demo${rest}`;

async function signIn(who: Person, name: string): Promise<void> {
  await who.page.goto(at.url);
  await who.page.getByLabel(say('userName'), { exact: true }).fill(name);
  await who.page.getByLabel(say('password'), { exact: true }).fill(at.passwords[name] ?? '');
  await who.page.getByRole('button', { name: say('signIn'), exact: true }).click();
  await who.page.getByRole('heading', { name: say('applications'), level: 1 }).waitFor();
}

/** Chooses in a list that opens. */
async function choose(label: string, option: string | RegExp): Promise<void> {
  const field = dialog().getByLabel(label, { exact: true });
  await field.click();
  await page.locator('.ant-select-dropdown:visible .ant-select-item-option').filter({ hasText: option }).first().click();
}

/** How many pods of each image the table of resources shows: columns name, kind, status, version, image. */
async function pods(): Promise<Record<string, number>> {
  if (!page.url().includes('/topology?view=table')) await page.goto(app('/topology?view=table'));
  await page.getByRole('treegrid').waitFor();
  const rows = await page.getByRole('treegrid').locator('tbody tr').evaluateAll((all) => all.map((row) => [...(row as HTMLTableRowElement).cells].map((c) => c.innerText.trim())));
  const count: Record<string, number> = {};
  for (const [, kind, , , tag = ''] of rows) {
    if (kind === 'Pod') count[tag] = (count[tag] ?? 0) + 1;
  }
  return count;
}

/** Waits until the table of resources shows these pods: the page follows by itself. */
async function podsBecome(want: Record<string, number>): Promise<void> {
  await expect.poll(pods, { timeout: 60_000, interval: 500 }).toEqual(want);
}

describe('what the page says is done in the browser', () => {
  test('1 sign in: the session is in a cookie that scripts cannot read', async () => {
    await signIn(admin, 'admin');
    const cookies = await admin.context.cookies();
    expect(cookies.filter((c) => c.httpOnly).length).toBeGreaterThan(0);
    expect(cookies.every((c) => c.httpOnly)).toBe(true);
    const stored = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
    expect(stored).not.toMatch(/token|eyJ/i);
  });

  test('2 a new application begins in a drawer whose first field has the focus', async () => {
    await page.getByRole('link', { name: say('newApplication') }).or(button('newApplication')).first().click();
    await expect.poll(() => dialog().getByLabel(say('name'), { exact: true }).evaluate((e) => e === document.activeElement)).toBe(true);
  });

  test('3 the first step names it', async () => {
    await dialog().getByLabel(say('name'), { exact: true }).fill('canary-demo');
    await choose(say('mainComponentType'), /^webservice/);
    await choose(say('bindEnvironments'), /Default/);
    await button('nextStep', dialog()).click();
    await dialog().getByLabel(new RegExp(`^${say('containerImage')}`)).waitFor();
  });

  test('4 the second step is the form of its type', async () => {
    await dialog().getByLabel(new RegExp(`^${say('containerImage')}`)).fill(image('v1'));
    await dialog().getByRole('group', { name: say('servicePorts'), exact: true }).getByRole('spinbutton').first().fill('8090');
    await button('create', dialog()).click();
    await page.getByText(say('created')).last().waitFor();
    await page.waitForURL(/\/apps\/default\/canary-demo\/config/);
  });

  test('5 the properties show the component', async () => {
    await page.getByRole('heading', { name: say('properties') }).waitFor();
    await page.getByText(image('v1')).first().waitFor();
  });

  test('6 a scaler of 3', async () => {
    await addTrait(/^scaler/, async () => dialog().getByLabel(new RegExp(`^${say('replicas')}`)).fill('3'));
    await page.getByRole('link', { name: /scaler/ }).or(page.getByRole('button', { name: /scaler/ })).first().waitFor();
  });

  test('7 a gateway', async () => {
    await addTrait(/^gateway/, async () => {
      await dialog().getByLabel(new RegExp(`^${say('domain')}`)).fill('canary-demo.com');
      const http = dialog().getByRole('group', { name: new RegExp(`^${say('httpPaths')}`) });
      await http.getByRole('textbox').first().fill('/version');
      await http.getByRole('spinbutton').first().fill('8090');
    });
    await page.getByRole('link', { name: /gateway/ }).or(page.getByRole('button', { name: /gateway/ })).first().waitFor();
  });

  test('8 it is deployed by the default workflow', async () => {
    await openDeploy();
    await dialog().getByRole('radio', { name: new RegExp(say('defaultWorkflow')) }).check();
    await button('deploy', dialog()).click();
    await page.waitForURL(/\/runs\//);
    await page.getByText(say('stable')).first().waitFor({ timeout: 60_000 });
  });

  test('9 the resources: three pods of v1', async () => {
    await podsBecome({ v1: 3 });
  });

  test('10 twenty requests, all answered by V1', async () => {
    await expect.poll(() => curl(at.gateway).catch((e: unknown) => String(e)), { timeout: 30_000 }).toBe('Demo: V1');
    expect(await answers(at.gateway, 20)).toEqual({ 'Demo: V1': 20 });
  });

  test('11 another image is a change that is not deployed yet', async () => {
    await page.goto(app('/config'));
    await page.getByRole('region', { name: say('components') }).getByRole('link', { name: 'canary-demo', exact: true }).click();
    await dialog().getByLabel(new RegExp(`^${say('containerImage')}`)).fill(image('v2'));
    await button('update', dialog()).click();
    await page.getByText(say('undeployed')).first().waitFor();
    expect(await answers(at.gateway, 5)).toEqual({ 'Demo: V1': 5 });
  });

  test('12 the canary rollout is offered where there is none yet', async () => {
    await openDeploy();
    await button('enableCanary', dialog()).click();
    await page.getByRole('dialog', { name: say('canarySetting') }).waitFor();
  });

  test('13 three batches: 33, 66 and 100 %, and 1, 2 and 3 pods; nothing is saved', async () => {
    await dialog().getByLabel(say('batchSetting')).fill('3');
    const preview = dialog().getByRole('table');
    await expect.poll(() => preview.getByRole('spinbutton').evaluateAll((all) => all.map((e) => (e as HTMLInputElement).value))).toEqual(['33', '66']);
    await expect.poll(() => preview.locator('tbody tr td:last-child').allInnerTexts()).toEqual(at.language === 'zh' ? ['1/3', '2/3', '3/3'] : ['1 of 3', '2 of 3', '3 of 3']);
    await button('ok', dialog()).click();
    await expect.poll(() => page.getByLabel(say('alias'), { exact: true }).first().inputValue()).toBe(say('canaryWorkflow'));
    expect(await workflows()).not.toContain('canary-deploy');
  });

  test('14 saved: three batches, and an approval between each two', async () => {
    await button('save').click();
    await page.getByText(say('workflowSaved')).last().waitFor();
    const saved = await workflows();
    expect(saved.match(/"canary-deploy"/g)?.length).toBe(3);
    expect(saved.match(/"suspend"/g)?.length).toBe(2);
  });

  test('15 the share of a batch can be edited; one that falls is refused where it stands', async () => {
    const weight = page.getByLabel(new RegExp(`^${say('weight')}`));
    const steps = page.getByRole('region', { name: say('steps') });
    await steps.getByRole('button', { name: /^.*33/ }).first().click();
    await weight.fill('70');
    await steps.getByText(say('wrong')).waitFor();
    expect(await button('save').isDisabled()).toBe(true);
    await weight.fill('30');
    await button('save').click();
    await expect.poll(workflows).toContain('"weight":30');
    await weight.fill('33');
    await button('save').click();
    await expect.poll(workflows).toContain('"weight":33');
  });
});

/** The saved workflows, as the server has them. */
function workflows(): Promise<string> {
  return page.evaluate(async () => JSON.stringify(await (await fetch('/api/v1/apps/default/canary-demo/workflows')).json()));
}

/** The id of the step that waits for an approval. */
function waitingStep(who: Page): Promise<string> {
  return who.evaluate(async () => {
    const overview = (await (await fetch('/api/v1/apps/default/canary-demo/overview')).json()) as { next?: { stepId?: string } };
    return overview.next?.stepId ?? '';
  });
}

/** Asks the server to go on from a step, past the page's buttons. */
function resume(who: Page, step = 'none'): Promise<{ status: number; text: string }> {
  return who.evaluate(async (stepId) => {
    const overview = (await (await fetch('/api/v1/apps/default/canary-demo/overview')).json()) as { run?: { id: string } };
    const answer = await fetch(`/api/v1/apps/default/canary-demo/runs/${overview.run?.id}/actions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ action: 'resume', stepId }),
    });
    return { status: answer.status, text: await answer.text() };
  }, step);
}

/** Opens the drawer for a trait, fills its form in and stores it. */
async function addTrait(type: RegExp, fill: () => Promise<void>): Promise<void> {
  await page.getByRole('link', { name: say('addTrait') }).or(page.getByRole('button', { name: say('addTrait') })).first().click();
  await choose(say('type'), type);
  await fill();
  await button('create', dialog()).click();
  await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
}

/** Changes the image and deploys it by the canary workflow; then it waits after the first batch. */
async function releaseByCanary(tag: string): Promise<void> {
  await page.goto(app('/config'));
  await page.getByRole('region', { name: say('components') }).getByRole('link', { name: 'canary-demo', exact: true }).click();
  await dialog().getByLabel(new RegExp(`^${say('containerImage')}`)).fill(image(tag));
  await button('update', dialog()).click();
  await page.getByText(say('undeployed')).first().waitFor();
  await openDeploy();
  await dialog().getByRole('radio', { name: new RegExp(say('canaryWorkflow')) }).check();
  await button('deploy', dialog()).click();
  await page.waitForURL(/\/runs\//);
  await page.getByText(new RegExp(say('suspended'))).first().waitFor({ timeout: 90_000 });
}

async function openDeploy(): Promise<void> {
  await page.getByRole('link', { name: say('deploy'), exact: true }).or(button('deploy')).first().click();
  await dialog().waitFor();
}

describe('the canary release', () => {
  test('16 both workflows can be chosen now', async () => {
    await openDeploy();
    await dialog().getByRole('radio', { name: new RegExp(`${say('defaultWorkflow')}.*${say('regularRollout')}`) }).waitFor();
    await dialog().getByRole('radio', { name: new RegExp(`${say('canaryWorkflow')}.*${say('canaryRollout')}`) }).waitFor();
  });

  test('17 deployed with the canary workflow and a note, it waits after the first batch', async () => {
    await dialog().getByRole('radio', { name: new RegExp(say('canaryWorkflow')) }).check();
    await dialog().getByLabel(new RegExp(`^${say('note')}`)).fill('version 2');
    await button('deploy', dialog()).click();
    await page.waitForURL(/\/runs\//);
    await page.getByText(new RegExp(say('suspended'))).first().waitFor({ timeout: 90_000 });
  });

  test('18 one pod of v2 and two of v1; the bar says 33 %', async () => {
    const meter = page.getByRole('meter').first();
    await expect.poll(() => meter.getAttribute('aria-valuenow')).toBe('33');
    const run = page.url();
    await podsBecome({ v1: 2, v2: 1 });
    await page.goto(run);
  });

  test('19 of 300 requests about a third are answered by V2, and none fails', async () => {
    const count = await answers(at.gateway, 300);
    const share = (100 * (count['Demo: V2'] ?? 0)) / 300;
    expect(share).toBeGreaterThan(24);
    expect(share).toBeLessThan(42);
  });

  test('20 continue: what comes next is said first', async () => {
    await button('continue').click();
    await expect.poll(() => dialog().innerText()).toMatch(/66/);
    expect(await dialog().innerText()).toMatch(/2/);
    await button('continue', dialog()).click();
    await expect.poll(() => page.getByRole('meter').first().getAttribute('aria-valuenow'), { timeout: 60_000 }).toBe('66');
    await page.getByText(new RegExp(say('suspended'))).first().waitFor({ timeout: 60_000 });
  });

  test('21 two pods of v2, one of v1', async () => {
    const run = page.url();
    await podsBecome({ v1: 1, v2: 2 });
    await page.goto(run);
  });

  test('22 rollback: the target and what changes are said first; it asks for nothing more', async () => {
    await button('rollback').click();
    await expect.poll(() => dialog().innerText()).toMatch(/v1/);
    await dialog().getByLabel(new RegExp(`^${say('reason')}`)).fill('too many complaints');
    await button('rollback', dialog()).click();
    await page.getByRole('main').getByText(say('rolledBack'), { exact: true }).first().waitFor({ timeout: 60_000 });
    expect(await page.getByText(new RegExp(say('suspended'))).count()).toBe(0);
  });

  test('23 three pods of v1, nothing of v2', async () => {
    await podsBecome({ v1: 3 });
    expect(await page.getByRole('treegrid').innerText()).not.toMatch(/canary-demo-(canary|stable)/);
  });

  test('24 fifty requests, all answered by V1', async () => {
    expect(await answers(at.gateway, 50)).toEqual({ 'Demo: V1': 50 });
  });

  test('25 the revisions say how it went; the difference is the image', async () => {
    await page.goto(app('/revisions'));
    await page.getByText(say('rolledBack')).first().waitFor();
    const text = await page.locator('main').innerText();
    expect(text).toMatch(/v1/);
    expect(text).toMatch(/v2/);
  });

  test('26 the same release again waits after its first batch', async () => {
    await releaseByCanary('v2');
  });

  test('30 a viewer sees it, and may not decide: the buttons say why, the server refuses', async () => {
    const viewer = await person(browser, at.language);
    await signIn(viewer, 'viewer');
    await viewer.page.goto(page.url());
    for (const word of ['continue', 'rollback'] as const) {
      const refused = viewer.page.getByRole('button', { name: say(word), exact: true });
      await refused.waitFor();
      await expect.poll(() => refused.getAttribute('aria-disabled')).toBe('true');
      expect(await refused.getAttribute('aria-describedby')).toBeTruthy();
    }
    expect((await resume(viewer.page)).status).toBe(403);
    await viewer.context.close();
  });

  test('28, 29 two people press Continue at once: one is first, the other one is told by whom', async () => {
    const operator = await person(browser, at.language);
    await signIn(operator, 'operator');
    const step = await waitingStep(page);
    const both = await Promise.all([resume(page, step), resume(operator.page, step)]);
    expect(both.map((r) => r.status).sort()).toEqual([202, 409]);
    expect(both.find((r) => r.status === 409)?.text).toMatch(/vela:(admin|operator)/);
    await operator.context.close();
  });

  test('26 to the end: all of it is version 2', async () => {
    await expect.poll(() => page.getByRole('meter').first().getAttribute('aria-valuenow'), { timeout: 60_000 }).toBe('66');
    await page.getByText(new RegExp(say('suspended'))).first().waitFor({ timeout: 60_000 });
    await button('continue').click();
    await button('continue', dialog()).click();
    await page.getByRole('main').getByText(say('stable'), { exact: true }).or(page.getByText(say('succeeded'), { exact: true })).first().waitFor({ timeout: 60_000 });
    await podsBecome({ v2: 3 });
    expect(await answers(at.gateway, 50)).toEqual({ 'Demo: V2': 50 });
  });

  test('31 velad is stopped in a release and started again: the page shows how it was, and goes on from there', async () => {
    await releaseByCanary('v3');
    const run = page.url();
    expect((await fetch(at.quiet, { method: 'POST' })).status).toBe(204); // the gateway is in velad: nobody could answer the load
    await command(at.velad.file, at.velad.down);
    await command(at.velad.file, at.velad.up);
    await page.goto(run);
    await page.getByText(new RegExp(say('suspended'))).first().waitFor({ timeout: 60_000 });
    await expect.poll(() => page.getByRole('meter').first().getAttribute('aria-valuenow')).toBe('33');
    await button('rollback').click();
    await button('rollback', dialog()).click();
    await page.getByRole('main').getByText(say('rolledBack'), { exact: true }).first().waitFor({ timeout: 60_000 });
    expect(await answers(at.gateway, 50)).toEqual({ 'Demo: V2': 50 });
  });

  test('34 no serious finding of axe, no raw key, on the pages of the application', async () => {
    for (const path of ['', '/config', '/workflows', '/runs', '/topology?view=table', '/pods', '/logs', '/revisions']) {
      await page.goto(app(path));
      await page.locator('main h1, main h2').first().waitFor();
      expect({ path, axe: await axe(page), raw: await rawKeys(page) }).toEqual({ path, axe: [], raw: [] });
    }
  });
});
