// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { render, type RenderResult } from '@testing-library/react';
import { act, type ReactNode } from 'react';
import { createMemoryRouter } from 'react-router';
import { vi } from 'vitest';

import { App } from '@/app/App';
import { makeQueryClient } from '@/app/queryClient';
import { routes } from '@/app/routes';
import { startI18n, type Language } from '@/i18n/i18n';

import { FakeEventSource, type FakeBackend } from './fakeBackend';
import { backend as standard } from './fixtures';

type Router = ReturnType<typeof createMemoryRouter>;

interface Options {
  backend?: FakeBackend;
  language?: Language;
}

/** Shows the whole site at an address, on top of a server that is a table. */
export async function renderAt(path: string, { backend = standard(), language = 'en' }: Options = {}): Promise<RenderResult & { router: Router; backend: FakeBackend }> {
  vi.stubGlobal('fetch', backend.fetch);
  vi.stubGlobal('EventSource', FakeEventSource);
  FakeEventSource.open = [];
  await startI18n(language);
  const router = createMemoryRouter(routes, { initialEntries: [path] });
  const result = await act(async () => render(<App router={router} cache={makeQueryClient()} />));
  return { ...result, router, backend };
}

/** Shows one component with texts, theme and cache around it. */
export async function renderPart(part: ReactNode, { backend = standard(), language = 'en' }: Options = {}): Promise<RenderResult & { backend: FakeBackend }> {
  vi.stubGlobal('fetch', backend.fetch);
  vi.stubGlobal('EventSource', FakeEventSource);
  await startI18n(language);
  const router = createMemoryRouter([{ path: '*', element: part }]);
  const result = await act(async () => render(<App router={router} cache={makeQueryClient()} />));
  return { ...result, backend };
}

