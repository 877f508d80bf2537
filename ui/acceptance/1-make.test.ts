// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { expect, test } from 'vitest';

import { chapter } from './chapter';
import { image } from './person';
import { answers, curl } from './stage';

// The steps have the numbers of the acceptance script.
const c = chapter({ signedIn: false });
const { gateway, passwords } = c.stage;

test('1 sign in: the session is in a cookie that scripts cannot read', async () => {
  const { admin } = c;
  await admin.signIn('admin', passwords.admin);
  const cookies = await admin.context.cookies();
  expect(cookies.filter((cookie) => cookie.httpOnly).length).toBeGreaterThan(0);
  expect(cookies.every((cookie) => cookie.httpOnly)).toBe(true);
  const stored = await admin.page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  expect(stored).not.toMatch(/token|eyJ/i);
});

test('2 a new application begins in a drawer whose first field has the focus', async () => {
  const { admin } = c;
  await admin.press('newApplication');
  await expect.poll(() => admin.dialog().getByLabel(admin.say('name'), { exact: true }).evaluate((e) => e === document.activeElement)).toBe(true);
});

test('3 the first step names it', async () => {
  const { admin } = c;
  await admin.dialog().getByLabel(admin.say('name'), { exact: true }).fill('canary-demo');
  await admin.choose(admin.say('mainComponentType'), /^webservice/);
  await admin.choose(admin.say('bindEnvironments'), /Default/);
  await admin.button('nextStep', admin.dialog()).click();
  await admin.dialog().getByLabel(new RegExp(`^${admin.say('containerImage')}`)).waitFor();
});

test('4 the second step is the form of its type', async () => {
  const { admin } = c;
  await admin.dialog().getByLabel(new RegExp(`^${admin.say('containerImage')}`)).fill(image('v1'));
  await admin.dialog().getByRole('group', { name: admin.say('servicePorts'), exact: true }).getByRole('spinbutton').first().fill('8090');
  await admin.button('create', admin.dialog()).click();
  await admin.page.getByText(admin.say('created')).last().waitFor();
  await admin.page.waitForURL(/\/apps\/default\/canary-demo\/config/);
});

test('5 the properties show the component', async () => {
  const { page, say } = c.admin;
  await page.getByRole('heading', { name: say('properties') }).waitFor();
  await page.getByText(image('v1')).first().waitFor();
});

test('6 a scaler of 3', async () => {
  const { admin } = c;
  await admin.addTrait(/^scaler/, () => admin.dialog().getByLabel(new RegExp(`^${admin.say('replicas')}`)).fill('3'));
  await admin.page.getByRole('link', { name: 'scaler (3)' }).waitFor();
});

test('7 a gateway', async () => {
  const { admin } = c;
  await admin.addTrait(/^gateway/, async () => {
    await admin.dialog().getByLabel(new RegExp(`^${admin.say('domain')}`)).fill('canary-demo.com');
    const http = admin.dialog().getByRole('group', { name: new RegExp(`^${admin.say('httpPaths')}`) });
    await http.getByRole('textbox').first().fill('/version');
    await http.getByRole('spinbutton').first().fill('8090');
  });
  await admin.page.getByRole('link', { name: /^gateway/ }).waitFor();
});

test('8 it is deployed by the default workflow', async () => {
  const { admin } = c;
  await admin.openDeploy();
  await admin.dialog().getByRole('radio', { name: new RegExp(admin.say('defaultWorkflow')) }).check();
  await admin.button('deploy', admin.dialog()).click();
  await admin.page.waitForURL(/\/runs\//);
  await admin.page.getByRole('main').getByText(admin.say('succeeded'), { exact: true }).first().waitFor({ timeout: 60_000 });
});

test('9 the resources: three pods of v1', async () => {
  await c.admin.podsBecome({ v1: 3 });
});

test('10 twenty requests, all answered by V1', async () => {
  await expect.poll(() => curl(gateway).catch((e: unknown) => String(e)), { timeout: 30_000 }).toBe('Demo: V1');
  expect(await answers(gateway, 20)).toEqual({ 'Demo: V1': 20 });
});

test('11 another image is a change that is not deployed yet', async () => {
  await c.admin.changeImage('v2');
  expect(await answers(gateway, 5)).toEqual({ 'Demo: V1': 5 });
  const { text } = await c.admin.ask('GET', '/apps/default/canary-demo');
  expect(text).toContain(image('v1'));
  expect(text).not.toContain(image('v2'));
});
