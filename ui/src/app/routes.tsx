// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { type RouteObject } from 'react-router';

import { NotFound } from './NotFound';
import { RequireSession } from './RequireSession';
import { RouteError } from './RouteError';
import { Shell } from './Shell';

/** Every page is a chunk of its own; a feature's module exports its page as Component. */
export const routes: RouteObject[] = [
  {
    ErrorBoundary: RouteError,
    HydrateFallback: () => null,
    children: [
      { path: 'login', lazy: () => import('@/features/login/LoginPage') },
      {
        Component: RequireSession,
        children: [
          {
            Component: Shell,
            children: [
              {
                ErrorBoundary: RouteError,
                children: [
                  { index: true, lazy: () => import('@/features/home/HomePage') },
                  {
                    path: 'apps',
                    lazy: () => import('@/features/apps/AppsPage'),
                  },
                  {
                    path: 'apps/:ns/:app',
                    lazy: () => import('@/features/app/AppLayout'),
                    children: [
                      {
                        ErrorBoundary: RouteError,
                        children: [
                          { index: true, lazy: () => import('@/features/app/OverviewPage') },
                          { path: 'runs', lazy: () => import('@/features/run/RunsPage') },
                          { path: 'runs/:run', lazy: () => import('@/features/run/RunPage') },
                          { path: 'topology', lazy: () => import('@/features/topology/TopologyPage') },
                          { path: 'pods', lazy: () => import('@/features/pods/PodsPage') },
                          { path: 'pods/:pod', lazy: () => import('@/features/pods/PodPage') },
                          { path: 'logs', lazy: () => import('@/features/pods/LogsPage') },
                          { path: 'revisions', lazy: () => import('@/features/revisions/RevisionsPage') },
                          { path: '*', Component: NotFound },
                        ],
                      },
                    ],
                  },
                  { path: '*', Component: NotFound },
                ],
              },
            ],
          },
        ],
      },
    ],
  },
];
