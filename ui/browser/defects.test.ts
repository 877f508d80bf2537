// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Definition } from '@/api/schema.gen';
import { problem } from '@/test/fakeBackend';
import { definitions } from '@/test/definitions';
import { backend, me } from '@/test/fixtures';
import { releaseBackend } from '@/test/release';
import { topology } from '@/test/topology';

import { launch, open, profile, visit } from './browser';
import { serve } from './server';

// What other pages of this sort do wrong, as far as it is only seen in a browser; docs/design/velaux.md has the list.
let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

test('defect 13: a token that somebody signs in with is in no storage and in no address afterwards', async () => {
  const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJsaW4ifQ.c2VjcmV0';
  let signedIn = false;
  const server = releaseBackend()
    .on('get', '/me', () => {
      if (!signedIn) throw problem(401, 'signed-out');
      return me;
    })
    .on('post', '/auth/login', ({ body }) => {
      expect(body.token).toBe(token);
      signedIn = true;
      return me;
    });
  const site = await serve(server);
  const context = await profile(browser, 'en', 'light');
  const addresses: string[] = [];
  context.on('request', (request) => addresses.push(request.url()));
  const { page } = await visit(context, `${site.url}/login`);
  try {
    await page.getByText('Token', { exact: true }).click();
    await page.getByLabel('Token of a service account').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForSelector('main table');
    await page.getByRole('link', { name: 'canary-demo' }).first().click();
    await page.waitForSelector('main dl');
    const stored = await page.evaluate(async () =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, history.state, (await indexedDB.databases()).map((d) => d.name), await caches.keys()]),
    );
    expect(signedIn).toBe(true);
    expect(addresses.some((a) => a.includes('/api/v1/stream'))).toBe(true);
    expect([stored, page.url(), ...addresses].filter((text) => text.includes('eyJ'))).toEqual([]);
  } finally {
    await context.close();
    await site.close();
  }
});

test('defect 14: markup in what a definition says of its fields is text', async () => {
  const markup = '<img src=x onerror="document.title=\'taken\'"><script>document.title=\'taken\'</script>';
  const evil = structuredClone(definitions.find((d) => d.name === 'scaler')) as Definition;
  evil.title = evil.summary = { en: `${markup} title`, zh: markup };
  evil.jsonSchema = { ...evil.jsonSchema, description: `${markup} whole`, properties: { replicas: { type: 'integer', description: `${markup} help` } } };
  evil.i18n = { en: { '/replicas': `${markup} label` }, zh: {} };
  const site = await serve(backend().on('get', '/definitions/{type}/{name}', () => evil));
  const { page, complaints } = await open(browser, `${site.url}/apps/default/canary-demo/config/components/canary-demo/traits/scaler`, 'en', 'light');
  try {
    await page.getByText(`${markup} help`).waitFor();
    await page.getByText(`${markup} label`).first().waitFor();
    expect(await page.locator('main img, main script, .ant-drawer img, .ant-drawer script').count()).toBe(0);
    expect(await page.title()).not.toBe('taken');
    expect(complaints).toEqual([]);
  } finally {
    await page.context().close();
    await site.close();
  }
});

test('defect 17: a pod that becomes ready is drawn so within two seconds, in the graph that is open', async () => {
  const topic = 'topology:default/canary-demo';
  const starting = structuredClone(topology);
  const id = 'Pod/canary-demo-9c1-q5w8z';
  Object.assign(starting.nodes.find((n) => n.id === id) ?? {}, { state: 'Starting', health: 'Progressing' });
  const site = await serve(releaseBackend().on('get', '/apps/{ns}/{app}/topology', () => starting));
  const context = await profile(browser, 'en', 'light');
  const followed = context.waitForEvent('request', (r) => r.url().includes('/stream') && decodeURIComponent(`${r.url()} ${r.postData()}`).includes(topic));
  const { page } = await visit(context, `${site.url}/apps/default/canary-demo/topology`);
  try {
    const drawn = (state: string) => page.locator(`.react-flow__node[data-id="${id}"] svg[data-state=${state}]`);
    await drawn('Starting').waitFor();
    await (await followed).response();
    site.say({ event: 'snapshot', topic, version: '1', data: starting });
    expect(await drawn('Ready').count()).toBe(0);
    const began = performance.now();
    site.say({ event: 'patch', topic, from: '1', version: '2', data: { nodes: topology.nodes } });
    await drawn('Ready').waitFor();
    expect(performance.now() - began).toBeLessThan(2000);
  } finally {
    await context.close();
    await site.close();
  }
});
