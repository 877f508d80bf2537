// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { act, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';

import { FakeEventSource, problem } from '@/test/fakeBackend';
import { backend, me } from '@/test/fixtures';
import { renderAt } from '@/test/render';

describe('signing in', () => {
  const signedOut = () => {
    let inside = false;
    const server = backend()
      .on('get', '/me', () => {
        if (!inside) throw problem(401, 'signed-out');
        return me;
      })
      .on('post', '/auth/login', ({ body }) => {
        if (body.password !== 'right') throw problem(401, 'login-refused');
        inside = true;
        return me;
      });
    return server;
  };

  test('leads back to the page that was asked for, and keeps nothing in the browser', async () => {
    const { router } = await renderAt('/apps?status=Failed', { backend: signedOut() });
    await screen.findByRole('heading', { name: 'Sign in to VelaUX' });
    await userEvent.type(await screen.findByLabelText('User name'), 'admin');
    await userEvent.type(screen.getByLabelText('Password'), 'right{Enter}');
    await screen.findByRole('heading', { name: 'Applications' });
    expect(router.state.location.pathname + router.state.location.search).toBe('/apps?status=Failed');
    expect(Object.keys(localStorage)).toEqual([]);
    expect(sessionStorage).toHaveLength(0);
  });

  test('with a wrong password says so in words', async () => {
    await renderAt('/', { backend: signedOut(), language: 'zh' });
    await userEvent.type(await screen.findByLabelText('用户名'), 'admin');
    await userEvent.type(screen.getByLabelText('密码'), 'wrong{Enter}');
    expect(await screen.findByText('用户名或密码不正确。')).toBeTruthy();
  });

  test('an empty field is named', async () => {
    await renderAt('/login', { backend: signedOut() });
    await userEvent.click(await screen.findByRole('button', { name: 'Sign in' }));
    expect(await screen.findByText('Fill in User name.')).toBeTruthy();
    expect(screen.getByLabelText('User name').getAttribute('aria-invalid')).toBe('true');
  });

  test('is asked for again when the session ends under the page', async () => {
    const server = backend();
    await renderAt('/apps', { backend: server });
    await screen.findByRole('table');
    server.on('get', '/me', () => {
      throw problem(401, 'signed-out');
    });
    await act(async () => FakeEventSource.cut());
    expect(await screen.findByRole('heading', { name: 'Sign in to VelaUX' })).toBeTruthy();
  });
});

describe('the frame', () => {
  test('has one stream for all that the page follows, and shows what it says', async () => {
    await renderAt('/apps');
    const table = await screen.findByRole('table');
    expect(within(table).getAllByRole('rowheader')).toHaveLength(3);
    expect(FakeEventSource.open).toHaveLength(1);
    await act(async () => {
      FakeEventSource.say({ event: 'server', streamId: 's1', version: 'v1' });
      FakeEventSource.say({ event: 'snapshot', topic: 'apps:*', version: '1', data: { items: [] } });
    });
    expect(screen.getByText('Live')).toBeTruthy();
    expect(await screen.findByText(/There is no application yet/)).toBeTruthy();
  });

  test('tells where one is: the title of the window, the current item, and the focus at the new heading', async () => {
    await renderAt('/');
    await screen.findByRole('heading', { name: 'Home' });
    expect(document.title).toContain('Home');
    await userEvent.click(screen.getByRole('link', { name: 'Applications' }));
    const heading = await screen.findByRole('heading', { name: 'Applications' });
    expect(document.title).toBe('Applications · VelaUX');
    expect(document.activeElement).toBe(heading);
    expect(screen.getByRole('link', { name: 'Applications' }).getAttribute('aria-current')).toBe('page');
  });

  test('speaks the other language at once, and remembers it', async () => {
    await renderAt('/apps');
    await userEvent.click(await screen.findByRole('button', { name: '中文' }));
    expect(await screen.findByRole('heading', { name: '应用列表' })).toBeTruthy();
    expect(document.documentElement.lang).toBe('zh-CN');
    expect(localStorage.getItem('velaux.language')).toBe('zh');
  });

  test('changes its colours when asked to', async () => {
    await renderAt('/apps');
    await userEvent.click(await screen.findByRole('button', { name: 'Theme' }));
    await userEvent.click(await screen.findByRole('menuitem', { name: 'Dark' }));
    expect(document.documentElement.dataset.theme).toBe('dark');
  });

  test('says that nothing is at an unknown address, or at an application that is gone', async () => {
    await renderAt('/nowhere');
    expect(await screen.findByRole('heading', { name: 'Nothing is at this address' })).toBeTruthy();
  });

  test('an application that is not there is told as such', async () => {
    await renderAt('/apps/default/missing/config');
    expect(await screen.findByRole('heading', { name: 'Nothing is at this address' })).toBeTruthy();
  });
});

describe('the list of applications', () => {
  test('is narrowed down by what is typed and chosen, and the address says so', async () => {
    const { router } = await renderAt('/apps');
    await screen.findByRole('table');
    await userEvent.type(screen.getByRole('searchbox', { name: 'Search by name or image' }), 'cart');
    expect(screen.getAllByRole('rowheader')).toHaveLength(1);
    expect(router.state.location.search).toBe('?q=cart');
  });

  test('leads to the release of an application that is in one', async () => {
    await renderAt('/apps');
    expect((await screen.findByRole('link', { name: 'checkout' })).getAttribute('href')).toBe('/apps/shop/checkout/runs/v7');
    expect(screen.getByRole('link', { name: 'canary-demo' }).getAttribute('href')).toBe('/apps/default/canary-demo');
  });
});
