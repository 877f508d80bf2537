// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { expect, test } from 'vitest';

import { chapter } from './chapter';
import { image } from './person';
import { answers } from './stage';

const c = chapter();
const { gateway, language } = c.stage;

test('27 version 2 has a bad image, version 3 is a canary on top of it: rollback goes to version 1, which was good', async () => {
  const { admin } = c;
  await admin.deployByCanary('broken');
  await admin.page.waitForURL(/\/runs\//);
  const broken = admin.page.url();
  await expect.poll(() => admin.page.getByRole('main').innerText(), { timeout: 60_000 }).toMatch(/CrashLoopBackOff|exit code|restart/i); // the trouble is told where the release is
  expect(await answers(gateway, 20)).toEqual({ 'Demo: V1': 20 });

  await admin.deployByCanary('v3');
  await admin.page.getByRole('dialog', { name: admin.say('otherRelease') }).waitFor();
  await admin.page.getByRole('button', { name: admin.say('releaseAnyway'), exact: true }).click();
  await admin.page.waitForURL((url) => url.pathname.includes('/runs/') && url.href !== broken);
  await admin.suspendedAt(33);
  await admin.button('rollback').click();
  await expect.poll(() => admin.dialog().innerText()).toMatch(language === 'zh' ? /回到 v1/ : /Goes back to v1/);
  await admin.button('rollback', admin.dialog()).click();
  await admin.rolledBack();
  await admin.podsBecome({ v1: 3 });
  expect(await answers(gateway, 50)).toEqual({ 'Demo: V1': 50 });
});

test('26 the same release again waits after its first batch', async () => {
  await c.admin.releaseByCanary('v2');
});

test('30 a viewer sees it, and may not decide: the buttons say why, the server refuses', async () => {
  const viewer = await c.signedIn('viewer');
  await viewer.visit(c.admin.page.url());
  for (const word of ['continue', 'rollback', 'terminate'] as const) {
    const refused = viewer.button(word);
    await refused.waitFor();
    await expect.poll(() => refused.getAttribute('aria-disabled')).toBe('true');
    const why = await refused.getAttribute('aria-describedby');
    expect(await viewer.page.locator(`[id="${why}"]`).innerText()).toContain(viewer.say('noRight'));
  }
  const { run, step } = await viewer.release();
  for (const action of ['resume', 'rollback', 'terminate']) {
    expect((await viewer.ask('POST', `/apps/default/canary-demo/runs/${run}/actions`, { action, stepId: step })).status).toBe(403);
  }
  await viewer.leave();
});

test('28, 29 two people press Continue at once: one is first, the other one is told by whom', async () => {
  const { admin } = c;
  const operator = await c.signedIn('operator');
  await operator.visit(admin.page.url());
  const both = [admin, operator];
  for (const person of both) {
    await person.button('continue').click();
    await person.button('continue', person.dialog()).waitFor();
  }
  const answered = both.map((person) => person.page.waitForResponse((r) => r.request().method() === 'POST' && r.url().endsWith('/actions')));
  await Promise.all(both.map((person) => person.button('continue', person.dialog()).click()));
  const statuses = (await Promise.all(answered)).map((r) => r.status());
  expect([...statuses].sort()).toEqual([202, 409]);
  const late = both[statuses.indexOf(409)] ?? admin;
  const first = late === admin ? 'operator' : 'admin';
  await expect.poll(() => late.dialog().innerText()).toContain(late.say('approvedBy') + first);
  await late.button('close', late.dialog()).last().click();
  await admin.suspendedAt(66); // one batch further, not two
  await operator.leave();
});

test('26 to the end: all of it is version 2', async () => {
  const { admin } = c;
  await admin.decide('continue');
  await admin.page.getByRole('main').getByText(admin.say('succeeded'), { exact: true }).first().waitFor({ timeout: 60_000 });
  await admin.podsBecome({ v2: 3 });
  expect(await answers(gateway, 50)).toEqual({ 'Demo: V2': 50 });
});

test('26 when it is over the way back is an older revision: the release itself offers none', async () => {
  const { admin } = c;
  await admin.visit(admin.at());
  await admin.page.getByRole('main').getByText(admin.say('succeeded'), { exact: true }).or(admin.page.getByRole('main').getByText(admin.say('stable'), { exact: true })).first().waitFor();
  expect(await admin.button('rollback').count()).toBe(0);
  await admin.visit(admin.at('/revisions'));
  const back = admin.page.getByRole('row').filter({ has: admin.page.getByRole('rowheader', { name: /^v1\b/ }) }).getByRole('button', { name: new RegExp(`^${admin.say('rollback')}`) });
  await back.click();
  await expect.poll(() => admin.dialog().innerText()).toContain('v1');
  await admin.button('cancel', admin.dialog()).click();
});

test('32 a first deployment cannot be a canary: the page says why, and offers the plain one', async () => {
  const { admin } = c;
  admin.app = 'first-canary';
  const spec = { components: [{ name: admin.app, type: 'webservice', properties: { image: image('v1'), ports: [{ port: 8090 }] } }] };
  expect((await admin.ask('POST', '/apps', { namespace: 'default', name: admin.app, spec })).status).toBe(201);
  await admin.visit(admin.at('/config'));
  await admin.openDeploy();
  await admin.button('enableCanary', admin.dialog()).click();
  await admin.page.getByRole('dialog', { name: admin.say('canarySetting') }).waitFor();
  await admin.button('ok', admin.dialog()).click();
  await admin.button('save').click();
  await admin.page.getByText(admin.say('workflowSaved')).last().waitFor();
  const saved = new URL(admin.page.url()).pathname.split('/').pop() ?? '';

  await admin.openDeploy();
  await admin.dialog().getByText(admin.say('first')).waitFor();
  await admin.dialog().getByText(admin.say('needsRunning')).waitFor();
  expect(await admin.dialog().getByRole('radio', { name: new RegExp(admin.say('canaryWorkflow')) }).isDisabled()).toBe(true);
  expect(await admin.dialog().getByRole('radio', { name: new RegExp(admin.say('defaultWorkflow')) }).isChecked()).toBe(true);
  const refused = await admin.ask('POST', `/apps/default/${admin.app}/deployments`, { workflow: saved });
  expect([refused.status, refused.text]).toEqual([422, expect.stringContaining('canary-needs-running-version')]);
  await admin.button('deploy', admin.dialog()).click();
  await admin.page.waitForURL(/\/runs\//);
  await admin.page.getByRole('main').getByText(admin.say('succeeded'), { exact: true }).first().waitFor({ timeout: 60_000 });
});
