// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createBrowserRouter } from 'react-router';

import { App } from './app/App';
import { makeQueryClient } from './app/queryClient';
import { routes } from './app/routes';
import { startI18n } from './i18n/i18n';
import './theme/global.css';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

await startI18n();
const basename = new URL(document.baseURI).pathname.replace(/\/$/, '') || '/';
createRoot(root).render(
  <StrictMode>
    <App router={createBrowserRouter(routes, { basename })} cache={makeQueryClient()} />
  </StrictMode>,
);
