// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { chapter } from './chapter';
import { Kube } from './kube';
import { Line } from './line';
import { image, type Person } from './person';
import { answers } from './stage';

const c = chapter();
const { gateway, kubeconfig, velaCore, passwords } = c.stage;
const kube = new Kube(kubeconfig);
/** Where the release is that people look at, as a path. */
let run = '';
let guest: Person;
const bindings = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings';

/** Gives a role in the namespace to somebody; what comes back takes it away. */
async function lend(role: string, name: string, subject: object): Promise<() => Promise<unknown>> {
  await kube.ask('POST', bindings, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [subject],
  });
  return () => kube.ask('DELETE', `${bindings}/${name}`);
}

/** Signs in with the token of a service account, which has no rights but those that are lent to it. */
async function signInByToken(who: Person, name: string): Promise<void> {
  await kube.ask('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name } });
  const { status } = await kube.ask<{ status: { token: string } }>('POST', `/api/v1/namespaces/default/serviceaccounts/${name}/token`, { spec: { expirationSeconds: 3600 } });
  await who.visit(who.url);
  await who.page.getByRole('radiogroup').getByText(who.say('token'), { exact: true }).click();
  await who.page.getByLabel(who.say('tokenLabel'), { exact: true }).fill(status.token);
  await who.button('signIn').click();
  await who.page.getByRole('heading', { name: who.say('applications'), level: 1 }).waitFor();
}

test('the right to decide is taken away in a release: the page says what is missing, and nothing is done', async () => {
  const { admin } = c;
  await admin.releaseByCanary('v3');
  run = new URL(admin.page.url()).pathname;
  const takeAway = await lend('vela-operator', 'lent-to-developer', { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'vela:developer' });
  const developer = await c.signedIn('developer');
  await developer.visit(admin.page.url());
  await developer.suspendedAt(33);
  await developer.button('continue').click();
  await takeAway();
  await developer.button('continue', developer.dialog()).click();
  const alert = developer.dialog().getByRole('alert');
  await alert.waitFor();
  const said = await alert.innerText();
  expect(said).toContain(developer.say('noRight'));
  expect(said).toContain('releaseactions');
  await admin.suspendedAt(33);
  await developer.leave();
});

test('the right to see is taken away while a page is open', async () => {
  guest = await c.visitor();
  const takeAway = await lend('vela-viewer', 'lent-to-guest', { kind: 'ServiceAccount', name: 'guest', namespace: 'default' });
  await signInByToken(guest, 'guest');
  await guest.visit(guest.at('/topology?view=table'));
  await guest.page.getByRole('treegrid').waitFor();
  await takeAway(); // what comes of it is looked at in the end: rights are asked for again every minute
});

test('the API server is away: the page says so, the gateway goes on, and when it is back so is the page', async () => {
  const away = await Away.begin();
  const operator = await c.visitor({ url: away.url });
  try {
    await operator.signIn('operator', passwords.operator);
    await operator.visit(away.url + run);
    await operator.suspendedAt(33);
    away.line.cut();
    await operator.button('continue').click();
    await operator.button('continue', operator.dialog()).click();
    await operator.dialog().getByRole('alert').filter({ hasText: operator.say('clusterSilent') }).waitFor();
    await operator.button('close', operator.dialog()).last().click();
    expect(await answers(gateway, 50)).toHaveProperty('Demo: V3');
    away.line.mend();
    await operator.visit(away.url + run);
    await operator.suspendedAt(33); // nothing was done while it was away
    await operator.decide('continue');
    await operator.suspendedAt(66);
    await operator.decide('rollback');
    await operator.rolledBack();
  } finally {
    await operator.leave();
    await away.end();
  }
});

test('an application is deleted under a page that shows it: the page says that nothing is there', async () => {
  const { admin } = c;
  const app = 'short-lived';
  const spec = { components: [{ name: app, type: 'webservice', properties: { image: image('v1'), ports: [{ port: 8090 }] } }] };
  expect((await admin.ask('POST', '/apps', { namespace: 'default', name: app, spec, deploy: true })).status).toBe(201);
  const viewer = await c.signedIn('viewer');
  viewer.app = app;
  await viewer.visit(viewer.at('/topology?view=table'));
  await viewer.podsBecome({ v1: 1 });
  admin.app = app;
  await admin.visit(admin.at('/config'));
  await admin.button('remove').click();
  await admin.button('remove', admin.dialog()).click();
  await viewer.page.getByRole('heading', { name: viewer.say('notThere') }).waitFor({ timeout: 60_000 });
  await viewer.leave();
});

test('who may not see any more is told what is missing, on the page that is open', async () => {
  await guest.page.getByRole('alert').filter({ hasText: guest.say('noRight') }).first().waitFor({ timeout: 100_000 });
});

/** A second VelaUX, in vela-core, whose line to the API server can be cut. Its controllers stay idle: the lease is taken. */
class Away {
  private constructor(
    readonly line: Line,
    readonly url: string,
    private readonly process: ChildProcess,
    private readonly folder: string,
  ) {}

  static async begin(): Promise<Away> {
    const lease = { holderIdentity: 'velad', leaseDurationSeconds: 86_400, leaseTransitions: 0, renewTime: new Date().toISOString().replace('Z', '000Z') };
    await kube.ask('POST', '/apis/coordination.k8s.io/v1/namespaces/default/leases', { metadata: { name: 'vela-core.release.oam.dev' }, spec: lease });
    const line = await Line.to(Number(kube.server.port));
    const folder = mkdtempSync(join(tmpdir(), 'velaux-away-'));
    writeFileSync(join(folder, 'kubeconfig'), kube.leadingTo(line.port), { mode: 0o600 });
    const port = await freePort();
    const args = ['--kubeconfig', join(folder, 'kubeconfig'), '--leader-elect', '--leader-election-namespace', 'default', '--ui-addr', `127.0.0.1:${port}`];
    const away = new Away(line, `http://127.0.0.1:${port}`, spawn(velaCore, args, { stdio: 'ignore' }), folder);
    await expect.poll(() => fetch(away.url).then((r) => r.status, () => 0), { timeout: 60_000 }).toBe(200);
    return away;
  }

  async end(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGTERM');
    await ended;
    await this.line.close();
    rmSync(this.folder, { recursive: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
