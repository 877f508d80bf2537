// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { act, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';

import { FakeEventSource } from '@/test/fakeBackend';
import { logLine, pods } from '@/test/pods';
import { releaseBackend } from '@/test/release';
import { renderAt } from '@/test/render';

import { withNonce } from './withNonce';

test('the list names each pod with its version and its trouble', async () => {
  await renderAt('/apps/default/canary-demo/pods', { backend: releaseBackend() });
  const table = within(await screen.findByRole('table', { name: 'Instances' }));
  const row = within(table.getByRole('rowheader', { name: 'canary-demo-9c1-q5w8z' }).closest('tr') ?? expect.fail('no row'));
  expect(row.getByText('v2 · canary')).toBeTruthy();
  expect(row.getByText('CrashLoopBackOff')).toBeTruthy();
});

test('a pod has a shell only where the server says that shells are on', async () => {
  const backend = releaseBackend();
  const { router } = await renderAt('/apps/default/canary-demo/pods/canary-demo-9c1-q5w8z', { backend });
  expect(await screen.findByRole('tab', { name: 'Events' })).toBeTruthy();
  expect(screen.queryByRole('tab', { name: 'Shell' })).toBeNull();
  await userEvent.click(screen.getByRole('tab', { name: 'Events' }));
  expect(await screen.findByText('Back-off restarting failed container')).toBeTruthy();
  expect(router.state.location.search).toBe('?tab=events');
});

test('a pod is read anew when the stream tells of it, and not otherwise', async () => {
  const backend = releaseBackend();
  const name = 'canary-demo-9c1-q5w8z';
  const reads = () => backend.log.filter((r) => r === `GET /apps/default/canary-demo/pods/${name}`).length;
  await renderAt(`/apps/default/canary-demo/pods/${name}`, { backend });
  expect(await screen.findByRole('tab', { name: 'Events' })).toBeTruthy();
  act(() => FakeEventSource.say({ event: 'server', streamId: '1', version: 'x' }));
  await waitFor(() => expect(backend.log).toContain('GET /apps/default/canary-demo/pods'));
  await act(async () => Promise.resolve());
  const before = reads();
  let items = pods;
  const restart = (version: string, pod: string) =>
    act(() => {
      items = items.map((p) => (p.name === pod ? { ...p, restarts: p.restarts + 1 } : p));
      FakeEventSource.say({ event: 'snapshot', topic: 'pods:default/canary-demo', version, data: { items } });
    });
  restart('1', name);
  await waitFor(() => expect(reads()).toBe(before + 1));
  restart('2', pods[0]?.name ?? ''); // another one
  await act(async () => Promise.resolve());
  restart('3', name);
  await waitFor(() => expect(reads()).toBe(before + 2));
});

test('the logs are asked for by version, shown as text, and looking back stops the reading', async () => {
  const asked: string[] = [];
  const backend = releaseBackend();
  const table = backend.fetch;
  let push: ((text: string) => void) | undefined;
  backend.fetch = async (input, init) => {
    const url = String(input instanceof Request ? input.url : input);
    if (!url.includes('/logs?')) return table(input, init);
    asked.push(new URL(url, 'http://localhost').search);
    const body = new ReadableStream<Uint8Array>({
      start: (c) => {
        push = (text) => c.enqueue(new TextEncoder().encode(text));
      },
    });
    return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } });
  };
  await renderAt('/apps/default/canary-demo/logs?rev=canary-demo-v2', { backend });
  const log = await screen.findByRole('log', { name: 'Logs' });
  await waitFor(() => expect(push).toBeTruthy());
  expect(asked[0]).toBe('?follow=true&tail=500&revision=canary-demo-v2');
  push?.(`${JSON.stringify(logLine)}\n`);
  expect(await within(log).findByText('200')).toBeTruthy();
  expect(log.textContent).toContain('GET /version 200 Demo: V2');

  await userEvent.click(screen.getByRole('button', { name: 'Pause' }));
  expect(screen.getByText(/1 line · paused/)).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'Follow' }));
  push?.(`${JSON.stringify({ ...logLine, text: 'later' })}\n`);
  expect(await within(log).findByText('later')).toBeTruthy();
});

test('styles that are made inside get the nonce of the page, others do not', () => {
  const made: HTMLElement[] = [];
  withNonce(document, 'n0', () => made.push(document.createElement('style'), document.createElement('div')));
  made.push(document.createElement('style'));
  expect(made.map((e) => e.nonce)).toEqual(['n0', '', '']);
  expect(Object.hasOwn(document, 'createElement')).toBe(false);
  expect(() => withNonce(document, 'n0', vi.fn(() => { throw new Error('x'); }))).toThrow('x');
  expect(Object.hasOwn(document, 'createElement')).toBe(false);
});
