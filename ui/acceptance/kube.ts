// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { request, type RequestOptions } from 'node:https';

import { parse } from 'yaml';

interface Config {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[];
}

interface Pod {
  metadata: { name: string };
  status?: { conditions?: { type: string; status: string }[] };
}

/** An administrator's way to the API server, past VelaUX. */
export class Kube {
  readonly server: URL;
  private readonly options: RequestOptions;

  constructor(private readonly kubeconfig: string) {
    const config = parse(readFileSync(kubeconfig, 'utf8')) as Config;
    const cluster = config.clusters[0]?.cluster;
    const user = config.users[0]?.user;
    if (!cluster || !user) throw new Error(`${kubeconfig} names no cluster and no user`);
    const bytes = (text: string) => Buffer.from(text, 'base64');
    this.server = new URL(cluster.server);
    this.options = { ca: bytes(cluster['certificate-authority-data']), cert: bytes(user['client-certificate-data']), key: bytes(user['client-key-data']) };
  }

  /** The same kubeconfig with another port of this machine as the server's. */
  leadingTo(port: number): string {
    return readFileSync(this.kubeconfig, 'utf8').replaceAll(this.server.origin, `https://127.0.0.1:${port}`);
  }

  /** Asks for something; a status from 400 is an error. */
  ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      const asked = request(new URL(path, this.server), { ...this.options, method, headers: { 'content-type': 'application/json' } }, (response) => {
        let text = '';
        response.on('data', (piece: Buffer) => (text += piece.toString()));
        response.on('end', () => ((response.statusCode ?? 500) < 400 ? resolve(JSON.parse(text) as T) : reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`))));
      });
      asked.on('error', reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** Tells of each pod of an application when it is ready for the first time; those that are at the beginning are not told of. */
  async watchReady(app: string, ready: (pod: string, at: number) => void): Promise<() => void> {
    const path = '/api/v1/namespaces/default/pods';
    const isReady = (pod: Pod) => pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') === true;
    const { items, metadata } = await this.ask<{ items: Pod[]; metadata: { resourceVersion: string } }>('GET', path);
    const known = new Set(items.filter(isReady).map((pod) => pod.metadata.name));
    const watching = request(new URL(`${path}?watch=1&resourceVersion=${metadata.resourceVersion}`, this.server), this.options, (response) => {
      let rest = '';
      response.on('data', (piece: Buffer) => {
        const lines = (rest + piece.toString()).split('\n');
        rest = lines.pop() ?? '';
        for (const { object } of lines.map((line) => JSON.parse(line) as { object: Pod })) {
          if (known.has(object.metadata.name) || !object.metadata.name.startsWith(`${app}-`) || !isReady(object)) continue;
          known.add(object.metadata.name);
          ready(object.metadata.name, Date.now());
        }
      });
      response.on('error', () => undefined); // it ends when it is not needed any more
    });
    watching.on('error', () => undefined);
    watching.end();
    return () => watching.destroy();
  }
}
