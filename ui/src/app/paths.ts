// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

const part = encodeURIComponent;

/** The addresses of pages; every link is made here. */
export const paths = {
  home: '/',
  login: '/login',
  apps: '/apps',
  newApp: '/apps/new',
  settings: '/settings',
  access: '/settings/access',
  system: '/system',
  app: (ns: string, app: string) => `/apps/${part(ns)}/${part(app)}`,
  config: (ns: string, app: string) => `${paths.app(ns, app)}/config`,
  runs: (ns: string, app: string) => `${paths.app(ns, app)}/runs`,
  run: (ns: string, app: string, run: string) => `${paths.runs(ns, app)}/${part(run)}`,
  topology: (ns: string, app: string) => `${paths.app(ns, app)}/topology`,
  pods: (ns: string, app: string) => `${paths.app(ns, app)}/pods`,
  pod: (ns: string, app: string, pod: string) => `${paths.pods(ns, app)}/${part(pod)}`,
  logs: (ns: string, app: string) => `${paths.app(ns, app)}/logs`,
  revisions: (ns: string, app: string) => `${paths.app(ns, app)}/revisions`,
  workflows: (ns: string, app: string) => `${paths.app(ns, app)}/workflows`,
  workflow: (ns: string, app: string, workflow: string) => `${paths.workflows(ns, app)}/${part(workflow)}`,
} as const;
