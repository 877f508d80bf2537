// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { expect, test } from 'vitest';

import { chapter } from './chapter';
import { answers } from './stage';

const c = chapter();
const { gateway, language } = c.stage;

/** The saved workflows, as the server has them. */
async function workflows(): Promise<string> {
  return (await c.admin.ask('GET', '/apps/default/canary-demo/workflows')).text;
}

test('12 the canary rollout is offered where there is none yet', async () => {
  const { admin } = c;
  await admin.changeImage('v2');
  await admin.openDeploy();
  await admin.button('enableCanary', admin.dialog()).click();
  await admin.page.getByRole('dialog', { name: admin.say('canarySetting') }).waitFor();
});

test('13 three batches: 33, 66 and 100 %, and 1, 2 and 3 pods; nothing is saved', async () => {
  const { admin } = c;
  await admin.dialog().getByLabel(admin.say('batchSetting')).fill('3');
  const preview = admin.dialog().getByRole('table');
  await expect.poll(() => preview.getByRole('spinbutton').evaluateAll((all) => all.map((e) => (e as HTMLInputElement).value))).toEqual(['33', '66']);
  await expect.poll(() => preview.locator('tbody tr td:last-child').allInnerTexts()).toEqual(language === 'zh' ? ['1/3', '2/3', '3/3'] : ['1 of 3', '2 of 3', '3 of 3']);
  await admin.button('ok', admin.dialog()).click();
  await expect.poll(() => admin.page.getByLabel(admin.say('alias'), { exact: true }).first().inputValue()).toBe(admin.say('canaryWorkflow'));
  expect(await workflows()).not.toContain('canary-deploy');
});

test('14 saved: three batches, and an approval between each two', async () => {
  const { admin } = c;
  await admin.button('save').click();
  await admin.page.getByText(admin.say('workflowSaved')).last().waitFor();
  const saved = await workflows();
  expect(saved.match(/"canary-deploy"/g)?.length).toBe(3);
  expect(saved.match(/"suspend"/g)?.length).toBe(2);
});

test('15 the share of a batch can be edited; one that falls is refused where it stands', async () => {
  const { admin } = c;
  const weight = admin.page.getByLabel(new RegExp(`^${admin.say('weight')}`));
  const steps = admin.page.getByRole('region', { name: admin.say('steps') });
  await steps.getByRole('button', { name: /^.*33/ }).first().click();
  await weight.fill('70');
  await steps.getByText(admin.say('wrong')).waitFor();
  expect(await admin.button('save').isDisabled()).toBe(true);
  await weight.fill('30');
  await admin.button('save').click();
  await expect.poll(workflows).toContain('"weight":30');
  await weight.fill('33');
  await admin.button('save').click();
  await expect.poll(workflows).toContain('"weight":33');
});

test('16 both workflows can be chosen now', async () => {
  const { admin } = c;
  await admin.openDeploy();
  await admin.dialog().getByRole('radio', { name: new RegExp(`${admin.say('defaultWorkflow')}.*${admin.say('regularRollout')}`) }).waitFor();
  await admin.dialog().getByRole('radio', { name: new RegExp(`${admin.say('canaryWorkflow')}.*${admin.say('canaryRollout')}`) }).waitFor();
});

test('17 deployed with the canary workflow and a note, it waits after the first batch', async () => {
  const { admin } = c;
  await admin.dialog().getByRole('radio', { name: new RegExp(admin.say('canaryWorkflow')) }).check();
  await admin.dialog().getByLabel(new RegExp(`^${admin.say('note')}`)).fill('version 2');
  await admin.button('deploy', admin.dialog()).click();
  await admin.page.waitForURL(/\/runs\//);
  await admin.page.getByText(new RegExp(admin.say('suspended'))).first().waitFor({ timeout: 90_000 });
});

test('18 one pod of v2 and two of v1; the bar says 33 %', async () => {
  const { admin } = c;
  await admin.suspendedAt(33);
  const run = admin.page.url();
  await admin.podsBecome({ v1: 2, v2: 1 });
  await admin.visit(run);
});

test('19 of 300 requests about a third are answered by V2, and none fails', async () => {
  const count = await answers(gateway, 300);
  const share = (100 * (count['Demo: V2'] ?? 0)) / 300;
  expect(share).toBeGreaterThan(24);
  expect(share).toBeLessThan(42);
});

test('20 continue: what comes next is said first', async () => {
  const { admin } = c;
  await admin.button('continue').click();
  await expect.poll(() => admin.dialog().innerText()).toMatch(/66/);
  expect(await admin.dialog().innerText()).toMatch(language === 'zh' ? /3 个实例中的 2 个/ : /2 of 3 pods/);
  await admin.button('continue', admin.dialog()).click();
  await admin.suspendedAt(66);
});

test('21 two pods of v2, one of v1', async () => {
  const { admin } = c;
  const run = admin.page.url();
  await admin.podsBecome({ v1: 1, v2: 2 });
  await admin.visit(run);
});

test('22 rollback: the target and what changes are said first; it asks for nothing more', async () => {
  const { admin } = c;
  await admin.button('rollback').click();
  await expect.poll(() => admin.dialog().innerText()).toMatch(/v1/);
  await admin.dialog().getByLabel(new RegExp(`^${admin.say('reason')}`)).fill('too many complaints');
  await admin.button('rollback', admin.dialog()).click();
  await admin.rolledBack();
  expect(await admin.page.getByText(new RegExp(admin.say('suspended'))).count()).toBe(0);
  const record = await admin.page.getByRole('main').innerText();
  expect(record).toContain('vela:admin');
  expect(record).toContain('too many complaints');
});

test('23 three pods of v1, nothing of v2', async () => {
  await c.admin.podsBecome({ v1: 3 });
  await expect.poll(() => c.admin.page.getByRole('treegrid').innerText()).not.toMatch(/canary-demo-(canary|stable)/);
});

test('24 fifty requests, all answered by V1', async () => {
  expect(await answers(gateway, 50)).toEqual({ 'Demo: V1': 50 });
});

test('25 the revisions say how it went; the difference is the image', async () => {
  const { admin } = c;
  await admin.visit(admin.at('/revisions'));
  const rows = admin.page.getByRole('main').getByRole('row');
  await rows.filter({ hasText: 'v2' }).filter({ hasText: admin.say('rolledBack') }).first().waitFor();
  await rows.filter({ hasText: 'v1' }).filter({ hasText: admin.say('succeeded') }).first().waitFor();
  await rows.filter({ hasText: admin.say('rolledBack') }).first().getByRole('button', { name: new RegExp(`^${admin.say('diff')}`) }).click();
  const changes = admin.page.getByRole('list', { name: admin.say('changes') }).last().getByRole('listitem');
  await expect.poll(() => changes.allInnerTexts()).toEqual([expect.stringMatching(/v1[^]*→[^]*v2/)]);
});
