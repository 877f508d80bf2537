// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';

import { problem } from '@/test/fakeBackend';
import { backend } from '@/test/fixtures';
import { renderAt } from '@/test/render';

// Loaded before the clock of the tests runs: the form library takes its time.
import './NewAppDrawer';

describe('a new application', () => {
  test('is made in two steps from what the definition says, and its page opens', async () => {
    const { backend: server, router } = await renderAt('/apps');
    await userEvent.click(await screen.findByRole('link', { name: 'New Application' }));
    const drawer = await screen.findByRole('dialog');
    const name = await within(drawer).findByLabelText('Name');
    expect(document.activeElement).toBe(name);
    await userEvent.type(name, 'canary-demo');
    expect(within(drawer).getByText('Default')).toBeTruthy();
    await userEvent.click(within(drawer).getByRole('button', { name: 'Next Step' }));

    await userEvent.type(await within(drawer).findByLabelText(/Container Image/), 'wangyikewyk/canarydemo:v1');
    const port = within(within(drawer).getByRole('group', { name: 'Service Ports 1' })).getByRole('spinbutton', { name: 'Port' });
    await userEvent.clear(port);
    await userEvent.type(port, '8090');
    await userEvent.click(within(drawer).getByRole('button', { name: 'Create' }));

    await waitFor(() => expect(router.state.location.pathname).toBe('/apps/default/canary-demo/config'));
    expect(server.lastBody('POST /apps')).toEqual({
      namespace: 'default',
      name: 'canary-demo',
      spec: { components: [{ name: 'canary-demo', type: 'webservice', properties: { image: 'wangyikewyk/canarydemo:v1', ports: [{ port: 8090, expose: true }] } }] },
    });
    expect(screen.getAllByText('Application created').length).toBeGreaterThan(0);
  });

  test.each([
    ['Bad_Name', 'Use small letters, digits and dashes, beginning with a letter and not ending with a dash.'],
    ['ends-', 'Use small letters, digits and dashes, beginning with a letter and not ending with a dash.'],
    ['x'.repeat(64), 'A name has at most 63 characters.'],
    ['', 'Fill in Name.'],
  ])('called "%s" is told what a name is', async (name, want) => {
    await renderAt('/apps/new');
    const field = await screen.findByLabelText('Name');
    if (name) await userEvent.type(field, name);
    await userEvent.click(screen.getByRole('button', { name: 'Next Step' }));
    expect(await screen.findByText(want)).toBeTruthy();
  });

  test('without an image is not sent; the summary leads to the field', async () => {
    const { backend: server } = await renderAt('/apps/new', { language: 'zh' });
    await userEvent.type(await screen.findByLabelText('名称'), 'a');
    await userEvent.click(screen.getByRole('button', { name: '下一步' }));
    await userEvent.click(await screen.findByRole('button', { name: '创建' }));
    await userEvent.click(await screen.findByRole('button', { name: '请填写容器镜像。' }));
    expect(document.activeElement).toBe(screen.getByLabelText(/容器镜像/));
    expect(document.activeElement?.getAttribute('aria-invalid')).toBe('true');
    expect(server.log).not.toContain('POST /apps');
  });

  test('that the server refuses has the server\'s sentence at the field', async () => {
    const server = backend().on('post', '/apps', () => {
      throw problem(422, 'invalid', {
        fieldErrors: [{ path: '/spec/components/0/properties/image', code: 'format', message: 'The image "a b" has a space in it; write name:tag.' }],
      });
    });
    await renderAt('/apps/new', { backend: server });
    await userEvent.type(await screen.findByLabelText('Name'), 'a');
    await userEvent.click(screen.getByRole('button', { name: 'Next Step' }));
    await userEvent.type(await screen.findByLabelText(/Container Image/), 'a b');
    await userEvent.click(screen.getByRole('button', { name: 'Create' }));
    expect((await screen.findAllByText('The image "a b" has a space in it; write name:tag.')).length).toBe(2);
  });

  test('has no place where the person may not create one', async () => {
    const server = backend().on('get', '/environments', () => ({
      items: [{ name: 'Default', namespace: 'default', project: 'Default', canCreate: false, applications: 0 }],
    }));
    await renderAt('/apps/new', { backend: server });
    expect(await screen.findByText(/You may not create applications in any namespace/)).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Next Step' })).toHaveProperty('disabled', true);
  });
});
