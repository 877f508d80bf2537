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
                    children: [{ path: 'new', lazy: () => import('@/features/apps/NewAppDrawer') }],
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
                          { path: 'deploy', lazy: () => import('@/features/deploy/DeployRoute') },
                          {
                            path: 'config',
                            lazy: () => import('@/features/config/ConfigPage'),
                            children: [
                              { path: 'yaml', lazy: () => import('@/features/config/SpecDrawer') },
                              { path: 'components/:component', lazy: () => import('@/features/config/ComponentDrawer') },
                              { path: 'components/:component/traits', lazy: () => import('@/features/config/TraitDrawer') },
                              { path: 'components/:component/traits/:trait', lazy: () => import('@/features/config/TraitDrawer') },
                            ],
                          },
                          { path: 'workflows', lazy: () => import('@/features/studio/WorkflowsPage') },
                          { path: 'workflows/:workflow', lazy: () => import('@/features/studio/StudioPage') },
                          { path: '*', Component: NotFound },
                        ],
                      },
                    ],
                  },
                  { path: 'settings', lazy: () => import('@/features/settings/SettingsPage') },
                  { path: 'settings/access', lazy: () => import('@/features/access/AccessPage') },
                  { path: 'system', lazy: () => import('@/features/system/SystemPage') },
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
