// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';

import type { StreamEvent } from '@/api/schema.gen';
import { onTheWire, type FakeBackend } from '@/test/fakeBackend';

const dist = new URL('../dist/', import.meta.url).pathname;
const types: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.html': 'text/html; charset=utf-8' };

/** The policy that the server sends with every page (spec 5.5). */
export const policy = (nonce: string): string =>
  `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'`;

export interface Site {
  url: string;
  /** The table that the API is answered from; another one may take its place. */
  backend: FakeBackend;
  /** Tells every open stream of an event. */
  say: (event: StreamEvent) => void;
  close: () => Promise<void>;
}

/** Serves the bundle as the Go server does, with its security policy, and answers the API from a table. */
export async function serve(backend: FakeBackend): Promise<Site> {
  const streams = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname === '/api/v1/stream') return stream(response, streams);
    if (url.pathname.startsWith('/api/')) return void answer(site.backend, request, response, url);
    return file(response, url.pathname);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const site: Site = { url: `http://127.0.0.1:${address.port}`, backend, say: (event) => streams.forEach((s) => tell(s, event)), close: () => close(server) };
  return site;
}

function close(server: Server): Promise<void> {
  return new Promise((closed) => {
    server.close(() => closed());
    server.closeAllConnections();
  });
}

function stream(response: ServerResponse, all: Set<ServerResponse>): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  all.add(response.on('close', () => all.delete(response)));
  tell(response, { event: 'server', streamId: 's1', version: 'test' });
}

function tell(stream: ServerResponse, event: StreamEvent): void {
  stream.write(`event: ${event.event}\ndata: ${JSON.stringify(event)}\n\n`);
}

async function answer(backend: FakeBackend, request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const { status, body } = backend.answer(request.method ?? 'GET', url, text === '' ? undefined : JSON.parse(text));
  response.writeHead(status, { 'content-type': status >= 400 ? 'application/problem+json' : 'application/json' });
  response.end(onTheWire(body));
}

function file(response: ServerResponse, path: string): void {
  const found = join(dist, normalize(path));
  if (found.startsWith(dist) && extname(found) !== '' && statSync(found, { throwIfNoEntry: false })?.isFile()) {
    response.writeHead(200, { 'content-type': types[extname(found)] ?? 'application/octet-stream', 'cache-control': 'public, max-age=31536000, immutable' });
    response.end(readFileSync(found));
    return;
  }
  if (extname(path) !== '') {
    response.writeHead(404);
    response.end();
    return;
  }
  const nonce = randomBytes(16).toString('base64');
  const page = readFileSync(join(dist, 'index.html'), 'utf8').replaceAll('__CSP_NONCE__', nonce);
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy(nonce) });
  response.end(page);
}
