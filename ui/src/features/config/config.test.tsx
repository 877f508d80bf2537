// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';

import { app, backend } from '@/test/fixtures';
import { renderAt } from '@/test/render';

// Loaded before the clock of the tests runs: the form library takes its time.
import './ComponentDrawer';
import './TraitDrawer';

const config = '/apps/default/canary-demo/config';
const draftKey = 'velaux.draft.default/canary-demo';
const writes = (log: string[]) => log.filter((l) => /^(PUT|PATCH|DELETE) |^POST .*(deployments|workflows|\/apps)$/.test(l));
const kept = () => JSON.parse(localStorage.getItem(draftKey) ?? 'null') as { spec: typeof app.spec } | null;

describe('a component', () => {
  test('that is changed stays in the browser: the badge says so, and nothing is written to the cluster', async () => {
    const { backend: server, router } = await renderAt(config);
    await userEvent.click(within(await screen.findByRole('listitem', { name: 'Component canary-demo' })).getByRole('link', { name: 'canary-demo' }));
    const image = await screen.findByLabelText(/Container Image/);
    await userEvent.clear(image);
    await userEvent.type(image, 'wangyikewyk/canarydemo:v2');
    await userEvent.click(screen.getByRole('button', { name: 'Update' }));

    await waitFor(() => expect(router.state.location.pathname).toBe(config));
    expect(await screen.findByText('Undeployed changes')).toBeTruthy();
    expect(await screen.findByText('wangyikewyk/canarydemo:v2', { selector: 'ins' })).toBeTruthy();
    expect(kept()?.spec.components[0]?.properties).toEqual({ ...app.spec.components[0]?.properties, image: 'wangyikewyk/canarydemo:v2' });
    expect(writes(server.log)).toEqual([]);

    await userEvent.click(screen.getByRole('button', { name: 'Discard' }));
    await userEvent.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Discard' }));
    await waitFor(() => expect(screen.queryByText('Undeployed changes')).toBeNull());
    expect(kept()).toBeNull();
  });

  test('that somebody else changed meanwhile is told, with both ways out', async () => {
    const base = structuredClone(app.spec);
    const mine = structuredClone(app.spec);
    if (base.components[0]?.properties) base.components[0].properties.image = 'older';
    if (mine.components[0]?.properties) mine.components[0].properties.image = 'mine';
    localStorage.setItem(draftKey, JSON.stringify({ base, spec: mine }));
    await renderAt(config);
    expect(await screen.findByText('Somebody else changed this application since you began')).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: 'Keep mine' }));
    expect(await screen.findByText('Changes that are only in this browser')).toBeTruthy();
    expect(kept()?.spec).toEqual(mine);
  });
});

describe('a trait', () => {
  test('that is there already is edited by the same way in, and is never there twice', async () => {
    await renderAt(config);
    await userEvent.click(await screen.findByRole('link', { name: 'Add a trait' }));
    await userEvent.click(await screen.findByRole('combobox', { name: 'Type' }));
    await userEvent.click(await screen.findByText('scaler · Manual Scaler'));
    expect(await screen.findByText('The component has the trait scaler already; you edit it here.')).toBeTruthy();
    const replicas = await screen.findByLabelText('Replicas');
    expect(replicas).toHaveProperty('value', '3');
    await userEvent.clear(replicas);
    await userEvent.type(replicas, '5');
    await userEvent.click(screen.getByRole('button', { name: 'Update' }));
    await waitFor(() => expect(kept()?.spec.components[0]?.traits?.map((t) => t.type)).toEqual(['scaler', 'gateway']));
    expect(kept()?.spec.components[0]?.traits?.[0]?.properties).toEqual({ replicas: 5 });
  });

  test('of the gateway takes paths and ports, in Chinese too', async () => {
    const bare = structuredClone(app);
    if (bare.spec.components[0]) bare.spec.components[0].traits = [];
    const server = backend().on('get', '/apps/{ns}/{app}', () => bare);
    await renderAt(`${config}/components/canary-demo/traits`, { backend: server, language: 'zh' });
    await userEvent.click(await screen.findByRole('combobox', { name: '类型' }));
    await userEvent.click(await screen.findByText('gateway · HTTP 路由'));
    await userEvent.type(await screen.findByLabelText('域名'), 'canary-demo.com');
    expect(screen.getByText('每个路径对应的组件端口。')).toBeTruthy();
    const [path, port] = [screen.getByRole('textbox', { name: 'HTTP 路由规则：第 1 个键' }), screen.getByRole('spinbutton', { name: 'HTTP 路由规则：第 1 个值' })];
    await userEvent.clear(path);
    await userEvent.type(path, '/version');
    await userEvent.clear(port);
    await userEvent.type(port, '8090');
    await userEvent.click(screen.getByRole('button', { name: '创建' }));
    await waitFor(() =>
      expect(kept()?.spec.components[0]?.traits).toEqual([{ type: 'gateway', properties: { domain: 'canary-demo.com', http: { '/version': 8090 } } }]),
    );
  });
});

test('markup in a definition or an image is text', async () => {
  const evil = structuredClone(app);
  if (evil.spec.components[0]?.properties) evil.spec.components[0].properties.image = '<img src=x onerror=alert(1)>';
  await renderAt(config, { backend: backend().on('get', '/apps/{ns}/{app}', () => evil) });
  expect(await screen.findByText('<img src=x onerror=alert(1)>')).toBeTruthy();
  expect(document.querySelector('img')).toBeNull();
});
