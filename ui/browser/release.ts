// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { Page } from 'playwright-core';

import { problem, type FakeBackend } from '@/test/fakeBackend';
import { logLines } from '@/test/pods';
import { matrix, withRelease } from '@/test/release';

import type { Look } from './pages';

const app = '/apps/default/canary-demo';
const run = `${app}/runs/v2`;
const bar = '[aria-keyshortcuts=c]';

const pressed = (name: RegExp) => async (page: Page) => {
  await page.getByRole('button', { name }).dispatchEvent('click'); // a click of the mouse would scroll first
  await page.waitForSelector('[role=dialog]');
};

const server = (backend: FakeBackend) => {
  withRelease(backend);
};

/** Somebody else was faster. */
const tooLate = (backend: FakeBackend) => {
  withRelease(backend).on('post', '/apps/{ns}/{app}/runs/{run}/actions', () => {
    throw problem(409, 'stale', { params: { by: 'lin', at: '2026-11-29T11:59:58Z', run: 'v2', step: 'default-approve-1' } });
  });
};

async function late(page: Page): Promise<void> {
  await page.keyboard.press('c');
  await page.locator('[role=dialog] .ant-btn-primary').click();
  await page.waitForSelector('[role=dialog] .ant-alert');
}

const manyLines = (backend: FakeBackend) => {
  withRelease(backend).on('get', '/apps/{ns}/{app}/logs', () => logLines.map((line) => `${JSON.stringify(line)}\n`).join('') as never);
};

const installed = (backend: FakeBackend) => {
  withRelease(backend).on('get', '/access/matrix', () => ({ ...matrix, roles: matrix.roles.map((role) => ({ ...role, installed: true })) }));
};

const gone = (backend: FakeBackend) => {
  for (const path of ['/apps/{ns}/{app}', '/apps/{ns}/{app}/overview'] as const) {
    backend.on('get', path, () => {
      throw problem(404, 'not-found', { params: { kind: 'application', name: 'canary-demo' } });
    });
  }
};

const viewer = (backend: FakeBackend) => {
  withRelease(backend).on('post', '/access/review', ({ body }) => ({ results: body.checks.map(() => ({ allowed: false })) }));
};

const shells = (backend: FakeBackend) => {
  withRelease(backend).on('get', '/system', () => ({ version: 'v0.9.0', startedAt: '2026-11-29T07:00:00Z', streams: 1, execEnabled: true, checks: [] })).on('post', '/apps/{ns}/{app}/pods/{pod}/exec-tickets', () => {
    throw problem(403, 'forbidden', { params: { verb: 'create', resource: 'pods/exec' } });
  });
};

async function openShell(page: Page): Promise<void> {
  await page.locator('[role=tabpanel] .ant-btn-primary').click();
  await page.waitForSelector('.xterm-rows');
}

/** What is seen of a release and of what runs. */
export const releaseLooks: Look[] = [
  { name: 'overview', path: app, ready: 'main dl', server, whole: true },
  { name: 'app-gone', path: app, ready: 'main [role=alert], main h1', server: gone, expected: /^404:/ },
  { name: 'run', path: run, ready: bar, server, whole: true },
  { name: 'run-continue', path: run, ready: bar, server, act: pressed(/^(Continue|继续)$/) },
  { name: 'run-rollback', path: run, ready: bar, server, act: pressed(/^(Rollback|回滚)$/) },
  { name: 'run-terminate', path: run, ready: bar, server, act: pressed(/^(Terminate|终止)$/) },
  { name: 'run-too-late', path: run, ready: bar, server: tooLate, act: late, expected: /^409:/ },
  { name: 'run-viewer', path: run, ready: '[aria-disabled=true]', server: viewer },
  { name: 'run-past', path: `${app}/runs/v1`, ready: '.ant-alert', server },
  { name: 'runs', path: `${app}/runs`, ready: 'main table', server },
  { name: 'topology', path: `${app}/topology?focus=Pod%2Fcanary-demo-9c1-q5w8z`, ready: '.react-flow__node', server },
  { name: 'topology-table', path: `${app}/topology?view=table`, ready: '[role=treegrid]', server },
  { name: 'pods', path: `${app}/pods`, ready: 'main table', server },
  { name: 'pod', path: `${app}/pods/canary-demo-9c1-q5w8z`, ready: '.ant-tabs dl', server },
  { name: 'pod-shell', path: `${app}/pods/canary-demo-9c1-q5w8z?tab=shell`, ready: '[role=tabpanel] .ant-btn-primary', server: shells, act: openShell, expected: /^403:/ },
  { name: 'logs', path: `${app}/logs`, ready: '[role=log] time', server: manyLines },
  { name: 'revisions', path: `${app}/revisions`, ready: 'main table', server },
  { name: 'revisions-diff', path: `${app}/revisions?from=canary-demo-v1&to=canary-demo-v2`, ready: '.cm-line', server },
  { name: 'revisions-rollback', path: `${app}/revisions`, ready: 'main table', server, act: pressed(/^(Rollback to v1|回滚 v1)$/) },
  { name: 'access', path: '/settings/access', ready: 'main table', server: installed, whole: true },
  { name: 'system', path: '/system', ready: 'main li', server },
  { name: 'settings', path: '/settings', ready: 'main [role=switch]', server, whole: true },
];
