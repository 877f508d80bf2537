// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { Page } from 'playwright-core';

import type { FakeBackend } from '@/test/fakeBackend';
import { problem } from '@/test/fakeBackend';
import { withBusyDay } from '@/test/busy';
import { app } from '@/test/fixtures';

import { releaseLooks } from './release';

/** A page to look at: where it is, how one knows that it is there, and what to do first. */
export interface Look {
  name: string;
  path: string;
  /** A selector of what is there when the page is. */
  ready: string;
  /** Changes the server's answers. */
  server?: (backend: FakeBackend) => unknown;
  /** What the browser may complain of: an answer that the page is there to tell. */
  expected?: RegExp;
  /** Pictures show all of a long page, not its first screen. */
  whole?: boolean;
  /** Opens what is looked at. */
  act?: (page: Page) => Promise<void>;
}

const signedOut = (backend: FakeBackend) =>
  backend.on('get', '/me', () => {
    throw problem(401, 'signed-out');
  });

const nothingYet = (backend: FakeBackend) =>
  backend
    .on('get', '/apps', () => ({ items: [] }))
    .on('get', '/home', () => ({ attention: [], approvals: [], running: [], counts: {}, recent: [] }));

const config = '/apps/default/canary-demo/config';
const studio = `/apps/default/canary-demo/workflows/default-canary?${new URLSearchParams({ canary: '{"batches":3}' })}`;

/** Chooses the n-th of a pair of views and waits for it. */
async function chosen(page: Page, within: string, n: number, ready: string): Promise<void> {
  await page.locator(`${within} .ant-segmented-item`).nth(n).click();
  await page.waitForSelector(ready);
}

async function secondStep(page: Page): Promise<void> {
  await page.locator('#name').fill('canary-demo');
  await page.locator('.ant-drawer button[type=submit]').click();
  await page.waitForSelector('#new_image');
}

async function wrongProperties(page: Page): Promise<void> {
  await secondStep(page);
  await page.locator('.ant-drawer .ant-btn-primary').click();
  await page.waitForSelector('.ant-alert-error');
}

async function withDraft(page: Page): Promise<void> {
  const spec = structuredClone(app.spec);
  if (spec.components[0]?.properties) spec.components[0].properties.image = 'wangyikewyk/canarydemo:v2';
  const draft = JSON.stringify({ base: app.spec, spec });
  await page.evaluate((text) => localStorage.setItem('velaux.draft.default/canary-demo', text), draft);
  await page.reload();
  await page.waitForSelector('main del');
}

async function enableCanary(page: Page): Promise<void> {
  await page.locator('.ant-modal .ant-btn-sm').click();
  await page.waitForSelector('.ant-modal table');
}

/** Every page and dialog; a new one goes here, and is then checked in both languages and themes. */
export const looks: Look[] = [
  { name: 'login', path: '/login', ready: 'h1', server: signedOut },
  { name: 'home', path: '/', ready: 'main h1', server: withBusyDay },
  { name: 'home-empty', path: '/', ready: 'main h1', server: nothingYet },
  { name: 'apps', path: '/apps', ready: 'main table', server: withBusyDay },
  { name: 'apps-empty', path: '/apps', ready: 'main h1', server: nothingYet },
  { name: 'new-app', path: '/apps/new', ready: '.ant-drawer form' },
  { name: 'new-app-properties', path: '/apps/new', ready: '.ant-drawer form', act: secondStep },
  { name: 'new-app-wrong', path: '/apps/new', ready: '.ant-drawer form', act: wrongProperties },
  { name: 'new-app-yaml', path: '/apps/new', ready: '.ant-drawer form', act: (page) => chosen(page, '.ant-drawer-extra', 1, '.cm-content') },
  { name: 'config', path: config, ready: 'main h2' },
  { name: 'config-draft', path: config, ready: 'main h2', act: withDraft },
  { name: 'config-component', path: `${config}/components/canary-demo`, ready: '.ant-drawer #component_image' },
  { name: 'config-component-yaml', path: `${config}/components/canary-demo`, ready: '.ant-drawer #component_image', act: (page) => chosen(page, '.ant-drawer-body', 1, '.cm-content') },
  { name: 'config-trait-new', path: `${config}/components/canary-demo/traits`, ready: '.ant-drawer .ant-select' },
  { name: 'config-trait', path: `${config}/components/canary-demo/traits/gateway`, ready: '.ant-drawer #trait_domain' },
  { name: 'config-yaml', path: `${config}/yaml`, ready: '.ant-drawer .cm-content' },
  { name: 'deploy', path: `${config}?deploy`, ready: '.ant-modal .ant-radio-wrapper' },
  { name: 'canary-setting', path: `${config}?deploy`, ready: '.ant-modal .ant-radio-wrapper', act: enableCanary },
  { name: 'workflows', path: '/apps/default/canary-demo/workflows', ready: 'main table' },
  { name: 'studio', path: studio, ready: '#step_weight' },
  { name: 'studio-yaml', path: studio, ready: '#step_weight', act: (page) => chosen(page, 'main', 1, '.cm-content') },
  ...releaseLooks,
  { name: 'not-found', path: '/nowhere', ready: 'main h1' },
];
