// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { execFile } from 'node:child_process';
import { request } from 'node:http';
import { promisify } from 'node:util';

import type { Language } from '@/i18n/i18n';

/** What cluster/velaux tells of the velad that it started. */
export interface Stage {
  /** Where VelaUX is. */
  url: string;
  /** Passwords of the accounts, by name; the name is the role. */
  passwords: Record<string, string>;
  /** The gateway, as host:port. */
  gateway: string;
  language: Language;
  /** vela-core, and velad with the arguments that stop it and start it again. */
  velaCore: string;
  velad: { file: string; down: string[]; up: string[] };
  /** An administrator's way to the API server. */
  kubeconfig: string;
  /** A POST to it ends the load, and says whether a request of it failed (409) or none did (204). */
  quiet: string;
  /** A folder for screenshots; empty for none. */
  shots: string;
}

export function stage(): Stage {
  const told = process.env.VELAUX_STAGE;
  if (!told) throw new Error('VELAUX_STAGE is not set: run `make test-ui`, which starts velad first');
  return JSON.parse(told) as Stage;
}

const run = promisify(execFile);

/** Runs a command and gives what it printed. */
export async function command(file: string, args: string[]): Promise<string> {
  const { stdout } = await run(file, args, { env: process.env, maxBuffer: 8 << 20, timeout: 120_000 });
  return stdout;
}

/** Prints a line that stands in what `make test-ui` shows. */
export function tell(what: string): void {
  process.stdout.write(`measured: ${what}\n`);
}

/** Sends one request for an application to the gateway, as curl does, and gives the answer's first line; a status but 200 is an error. */
export function curl(gateway: string, app = 'canary-demo', path = '/version'): Promise<string> {
  const [host, port] = gateway.split(':');
  return new Promise((resolve, reject) => {
    const asked = request({ host, port, path, headers: { Host: `${app}.com` }, agent: false, timeout: 15_000 }, (response) => {
      let text = '';
      response.on('data', (piece: Buffer) => (text += piece.toString()));
      response.on('end', () => (response.statusCode === 200 ? resolve(text.split('\n')[0] ?? '') : reject(new Error(`status ${response.statusCode}: ${text}`))));
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer within 15 s')));
    asked.on('error', reject);
    asked.end();
  });
}

/** Sends requests one after another and counts the answers. */
export async function answers(gateway: string, n: number, app?: string): Promise<Record<string, number>> {
  const count: Record<string, number> = {};
  for (let i = 0; i < n; i++) {
    const answer = await curl(gateway, app);
    count[answer] = (count[answer] ?? 0) + 1;
  }
  return count;
}
