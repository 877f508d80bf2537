// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { expect, test } from 'vitest';

import { chapter } from './chapter';
import { Keys } from './keys';
import { image, type Person } from './person';
import { answers, curl } from './stage';

// Step 33: steps 2 to 22 once more, of another application, without a mouse.
const c = chapter();
const { gateway } = c.stage;
const app = 'keys-demo';

/** The administrator, what they can press, and their keyboard. */
function hands(): { admin: Person; keys: Keys; press: Person['button'] } {
  const { admin } = c;
  admin.app = app;
  return { admin, keys: new Keys(admin), press: (word, within) => admin.button(word, within) };
}

const link = (admin: Person, name: string) => admin.page.getByRole('navigation').getByRole('link', { name, exact: true });

/** Goes to the table of resources by the application's tabs. */
async function lookAtPods(want: Record<string, number>): Promise<void> {
  const { admin, keys } = hands();
  await keys.press(link(admin, admin.say('status')));
  const view = admin.page.getByRole('radiogroup', { name: admin.say('view') });
  await keys.pick(view, view.getByRole('radio', { name: admin.say('table') }));
  await admin.podsBecome(want);
}

/** Goes to the newest release by the application's tabs. */
async function openRun(): Promise<void> {
  const { admin, keys } = hands();
  await keys.press(link(admin, admin.say('releases')));
  await keys.press(admin.page.getByRole('main').getByRole('row').nth(1).getByRole('link').first());
  await admin.page.waitForURL(/\/runs\//);
}

async function addTrait(type: string, fill: () => Promise<void>): Promise<void> {
  const { admin, keys, press } = hands();
  await keys.press(admin.page.getByRole('link', { name: admin.say('addTrait') }).or(admin.page.getByRole('button', { name: admin.say('addTrait') })).first());
  await keys.choose(admin.dialog().getByLabel(admin.say('type'), { exact: true }), type);
  await fill();
  await keys.press(press('create', admin.dialog()));
  await expect.poll(() => admin.page.getByRole('dialog').count()).toBe(0);
}

async function openDeploy(): Promise<void> {
  const { admin, keys } = hands();
  const name = admin.say('deploy');
  await keys.press(admin.page.getByRole('link', { name, exact: true }).or(admin.page.getByRole('button', { name, exact: true })).first());
  await admin.dialog().getByRole('radio').first().waitFor();
}

test('33 (2-4) an application is made by keyboard', async () => {
  const { admin, keys, press } = hands();
  await admin.visit(`${admin.url}/apps`);
  const make = admin.say('newApplication');
  await keys.press(admin.page.getByRole('link', { name: make }).or(admin.page.getByRole('button', { name: make })).first());
  await keys.write(admin.dialog().getByLabel(admin.say('name'), { exact: true }), app);
  await keys.choose(admin.dialog().getByLabel(admin.say('mainComponentType'), { exact: true }), 'webservice');
  await keys.choose(admin.dialog().getByLabel(admin.say('bindEnvironments'), { exact: true }), 'Default');
  await keys.press(press('nextStep', admin.dialog()));
  await keys.write(admin.dialog().getByLabel(new RegExp(`^${admin.say('containerImage')}`)), image('v1'));
  await keys.write(admin.dialog().getByRole('group', { name: admin.say('servicePorts'), exact: true }).getByRole('spinbutton').first(), '8090');
  await keys.press(press('create', admin.dialog()));
  await admin.page.waitForURL(new RegExp(`/apps/default/${app}/config`));
  await admin.page.getByText(image('v1')).first().waitFor();
});

test('33 (6, 7) it gets a scaler and a gateway by keyboard', async () => {
  const { admin, keys } = hands();
  await addTrait('scaler', () => keys.write(admin.dialog().getByLabel(new RegExp(`^${admin.say('replicas')}`)), '3'));
  await admin.page.getByRole('link', { name: 'scaler (3)' }).waitFor();
  await addTrait('gateway', async () => {
    await keys.write(admin.dialog().getByLabel(new RegExp(`^${admin.say('domain')}`)), `${app}.com`);
    const http = admin.dialog().getByRole('group', { name: new RegExp(`^${admin.say('httpPaths')}`) });
    await keys.write(http.getByRole('textbox').first(), '/version');
    await keys.write(http.getByRole('spinbutton').first(), '8090');
  });
});

test('33 (8-10) it is deployed by keyboard; a dialog keeps the focus, and gives it back', async () => {
  const { admin, keys, press } = hands();
  await openDeploy();
  for (let i = 0; i < 15; i++) {
    await admin.page.keyboard.press('Tab'); // the focus is in the dialog, or on the browser's own bar on its way around
    expect(await admin.page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest('[role=dialog]') !== null)).toBe(true);
  }
  await admin.page.keyboard.press('Escape');
  await expect.poll(() => admin.page.getByRole('dialog').count()).toBe(0);
  await expect.poll(() => admin.page.evaluate(() => document.activeElement?.textContent?.trim())).toBe(admin.say('deploy'));
  await admin.page.keyboard.press('Enter');
  await admin.dialog().getByRole('radio').first().waitFor();
  await keys.press(press('deploy', admin.dialog()));
  await admin.page.waitForURL(/\/runs\//);
  await admin.page.getByRole('main').getByText(admin.say('succeeded'), { exact: true }).first().waitFor({ timeout: 60_000 });
  await lookAtPods({ v1: 3 });
  await expect.poll(() => curl(gateway, app).catch((e: unknown) => String(e)), { timeout: 30_000 }).toBe('Demo: V1');
});

test('33 (11-15) another image, and a canary workflow for it, by keyboard', async () => {
  const { admin, keys, press } = hands();
  await keys.press(link(admin, admin.say('properties')));
  await keys.press(admin.page.getByRole('region', { name: admin.say('components') }).getByRole('link', { name: app, exact: true }));
  await keys.write(admin.dialog().getByLabel(new RegExp(`^${admin.say('containerImage')}`)), image('v2'));
  await keys.press(press('update', admin.dialog()));
  await admin.page.getByText(admin.say('undeployed')).first().waitFor();
  await openDeploy();
  await keys.press(press('enableCanary', admin.dialog()));
  await admin.page.getByRole('dialog', { name: admin.say('canarySetting') }).waitFor();
  await keys.write(admin.dialog().getByLabel(admin.say('batchSetting')), '3');
  await keys.press(press('ok', admin.dialog()));
  await keys.press(press('save'));
  await admin.page.getByText(admin.say('workflowSaved')).last().waitFor();
  const weight = admin.page.getByLabel(new RegExp(`^${admin.say('weight')}`));
  await keys.press(admin.page.getByRole('region', { name: admin.say('steps') }).getByRole('button', { name: /^.*33/ }).first());
  await keys.write(weight, '70');
  await admin.page.getByRole('region', { name: admin.say('steps') }).getByText(admin.say('wrong')).waitFor();
  await keys.write(weight, '30');
  await keys.press(press('save'));
  const saved = async () => (await admin.ask('GET', `/apps/default/${app}/workflows`)).text;
  await expect.poll(saved).toContain('"weight":30');
  await keys.write(weight, '33');
  await keys.press(press('save'));
  await expect.poll(saved).toContain('"weight":33');
});

test('33 (16-19) the canary is released by keyboard', async () => {
  const { admin, keys, press } = hands();
  await openDeploy();
  await keys.pick(admin.dialog(), admin.dialog().getByRole('radio', { name: new RegExp(admin.say('canaryWorkflow')) }));
  await keys.write(admin.dialog().getByLabel(new RegExp(`^${admin.say('note')}`)), 'version 2');
  await keys.press(press('deploy', admin.dialog()));
  await admin.page.waitForURL(/\/runs\//);
  await admin.suspendedAt(33);
  await lookAtPods({ v1: 2, v2: 1 });
  expect(Object.keys(await answers(gateway, 60, app)).sort()).toEqual(['Demo: V1', 'Demo: V2']);
});

test('33 (20, 21) it goes on by keyboard', async () => {
  const { admin, keys, press } = hands();
  await openRun();
  await keys.press(press('continue'));
  await expect.poll(() => admin.dialog().innerText()).toMatch(/66/);
  await keys.press(press('continue', admin.dialog()));
  await admin.suspendedAt(66);
  await lookAtPods({ v1: 1, v2: 2 });
});

test('33 (22-24) and back by keyboard', async () => {
  const { admin, keys, press } = hands();
  await openRun();
  await keys.press(press('rollback'));
  await expect.poll(() => admin.page.evaluate(() => document.activeElement?.textContent?.trim())).toBe(admin.say('cancel')); // not on what does it
  await keys.write(admin.dialog().getByLabel(new RegExp(`^${admin.say('reason')}`)), 'too many complaints');
  await keys.press(press('rollback', admin.dialog()));
  await admin.rolledBack();
  await lookAtPods({ v1: 3 });
  expect(await answers(gateway, 50, app)).toEqual({ 'Demo: V1': 50 });
});
