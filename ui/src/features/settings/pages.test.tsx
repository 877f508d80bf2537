// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';

import { problem } from '@/test/fakeBackend';
import { releaseBackend } from '@/test/release';
import { renderAt } from '@/test/render';

test('the matrix says in words what each role may do, and which role is missing', async () => {
  await renderAt('/settings/access', { backend: releaseBackend() });
  const matrix = within(await screen.findByRole('table', { name: 'What each role may do' }));
  const row = matrix.getByRole('rowheader', { name: /Roll back/ }).closest('tr');
  expect([...(row?.querySelectorAll('td') ?? [])].map((c) => c.textContent?.replace('–', ''))).toEqual(['No', 'No', 'No', 'Yes', 'Yes']);
  expect(screen.getByText(/These roles are not installed: vela:admin/)).toBeTruthy();
  expect(screen.getByRole('rowheader', { name: 'vela:lin' })).toBeTruthy();
});

test('who may not see the roles is told which right is missing', async () => {
  const backend = releaseBackend().on('get', '/access/matrix', () => {
    throw problem(403, 'forbidden', { params: { verb: 'list', resource: 'rolebindings' } });
  });
  await renderAt('/settings/access', { backend });
  expect(await screen.findByText('You may not do this: it needs the right to list rolebindings.')).toBeTruthy();
});

test('what is wrong with the installation comes first, with what to do', async () => {
  await renderAt('/system', { backend: releaseBackend() });
  const panel = await screen.findByRole('region', { name: 'Checks' });
  expect(within(panel).getByText('2 things need a look.')).toBeTruthy();
  expect(within(panel).getAllByRole('listitem').map((i) => i.querySelector('b')?.textContent)).toEqual(['Metrics', 'Gateway', 'OpenKruise', 'API server', 'Controllers']);
  expect(within(panel).getByText('install metrics-server')).toBeTruthy();
});

test('keys lead from page to page, and are listed by "?"', async () => {
  const { router } = await renderAt('/system', { backend: releaseBackend() });
  await screen.findByRole('region', { name: 'Checks' });
  await userEvent.keyboard('?');
  expect(await screen.findByRole('dialog', { name: 'Keyboard shortcuts' })).toBeTruthy();
  await userEvent.keyboard('{Escape}');
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  await userEvent.keyboard('ga');
  await waitFor(() => expect(router.state.location.pathname).toBe('/apps'));
});

test('settings turn single keys off, and change the password with the rule that was broken named at its field', async () => {
  const backend = releaseBackend().on('post', '/auth/password', () => {
    throw problem(422, 'invalid', { fieldErrors: [{ path: '/newPassword', code: 'too-short', message: 'The new password has 3 characters; use at least 12.' }] });
  });
  await renderAt('/settings', { backend });
  await userEvent.click(await screen.findByRole('switch', { name: 'Single keys are shortcuts' }));
  expect(localStorage.getItem('velaux.shortcuts')).toBe('off');
  await userEvent.type(screen.getByLabelText('Present password'), 'old');
  await userEvent.type(screen.getByLabelText('New password'), 'new');
  await userEvent.click(screen.getByRole('button', { name: 'Change the password' }));
  expect(await screen.findByText('The new password has 3 characters; use at least 12.')).toBeTruthy();
  expect(screen.getByLabelText('New password').getAttribute('aria-invalid')).toBe('true');
});
