// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { Activity, AppSummary, Home, Split, StatusWord } from '@/api/schema.gen';

import type { FakeBackend } from './fakeBackend';
import { broken, waiting, webservice } from './fixtures';

const split = (asked: number, measured: number, requests: number): Split => ({
  routed: true,
  asked,
  served: asked,
  measured,
  measuredRequests: requests,
  measuredSince: '2026-11-29T11:46:00Z',
});

interface More extends Partial<AppSummary> {
  word: StatusWord;
  since: string;
  tag: string;
}

function app(namespace: string, name: string, { word, since, tag, ...more }: More): AppSummary {
  return {
    ...webservice,
    namespace,
    name,
    status: { word, since: `2026-11-29T${since}:00Z`, weight: more.split?.asked, message: more.status?.message },
    components: [{ name, type: 'webservice', image: `${namespace}/${name}:${tag}`, traits: ['scaler', 'gateway'], healthy: word !== 'Unhealthy' }],
    revision: `${name}-v3`,
    publishVersion: 'v3',
    run: 'v3',
    ...more,
    ...(more.status && { status: { ...more.status, word, since: `2026-11-29T${since}:00Z` } }),
  };
}

const search = app('shop', 'search', { word: 'Waiting', since: '11:31', tag: '1.12.0', split: split(10, 10.2, 8830) });
const accounts = app('bank', 'accounts', { word: 'RollingOut', since: '11:58', tag: '5.1.0', split: split(50, 48.9, 15_260) });
const mail = app('shop', 'mail', { word: 'Unhealthy', since: '11:12', tag: '0.9.4', status: { word: 'Unhealthy', message: 'mail has 2 of 3 pods ready' } });

const all: AppSummary[] = [
  webservice,
  waiting,
  broken,
  search,
  accounts,
  mail,
  app('bank', 'ledger', { word: 'Stable', since: '09:20', tag: '2.7.1' }),
  app('bank', 'quotes', { word: 'RolledBack', since: '10:45', tag: '3.0.2' }),
  app('shop', 'images', { word: 'Stable', since: '08:02', tag: '1.4.0' }),
  app('shop', 'wishlist', { word: 'NotDeployed', since: '11:50', tag: '0.1.0', publishVersion: undefined, revision: undefined, run: undefined }),
];

const happened = (at: string, namespace: string, name: string, more: Pick<Activity, 'kind' | 'reason' | 'message'> & Partial<Activity>): Activity => ({
  id: `${at} ${name}`,
  at: `2026-11-29T${at}:00Z`,
  namespace,
  app: name,
  run: 'v3',
  ...more,
});

const recent: Activity[] = [
  happened('11:58', 'bank', 'accounts', { kind: 'step', reason: 'Running', message: 'step Batch 2 is running' }),
  happened('11:57', 'bank', 'accounts', { kind: 'action', reason: 'resume', message: 'resume of run v3: succeeded', by: 'lin', note: 'error rate is flat' }),
  happened('11:46', 'shop', 'checkout', { kind: 'step', reason: 'Waiting', message: 'step Approval 1 is waiting' }),
  happened('11:40', 'shop', 'checkout', { kind: 'deployment', reason: 'Published', message: 'version v7 began to be released', by: 'lin', note: 'new payment page' }),
  happened('10:45', 'bank', 'quotes', { kind: 'action', reason: 'rollback', message: 'rollback of run v3: succeeded', by: 'chen' }),
];

const home: Home = {
  approvals: [waiting, search],
  attention: [broken, mail],
  running: [accounts],
  counts: { Stable: 3, Waiting: 2, RollingOut: 1, RolledBack: 1, Failed: 1, Unhealthy: 1, NotDeployed: 1 },
  recent,
};

/** Makes a server tell of a busy day: ten applications in every state. */
export function withBusyDay(server: FakeBackend): FakeBackend {
  return server
    .on('get', '/home', () => home)
    .on('get', '/apps', () => ({ items: all }))
    .on('get', '/environments', () => ({
      items: ['bank', 'default', 'shop'].map((namespace) => ({ name: namespace, namespace, project: 'Default', canCreate: true, applications: 3 })),
    }));
}
