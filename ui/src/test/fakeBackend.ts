// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { paths, Problem, ProblemCode, StreamEvent } from '@/api/schema.gen';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
type MethodsOf<P extends keyof paths> = { [M in Method]: paths[P][M] extends { responses: unknown } ? M : never }[Method];
type ResponsesOf<P extends keyof paths, M extends Method> = paths[P][M] extends { responses: infer R } ? R : never;
type JsonOf<R> = R extends { content: { 'application/json': infer J } } ? J : undefined;
type SuccessOf<R> = R extends { 200: infer A } ? JsonOf<A> : R extends { 201: infer A } ? JsonOf<A> : R extends { 202: infer A } ? JsonOf<A> : undefined;
type BodyOf<P extends keyof paths, M extends Method> = paths[P][M] extends {
  requestBody: { content: { 'application/json': infer B } };
}
  ? B
  : undefined;

/** What a handler is asked. */
export interface Asked<B> {
  path: Record<string, string>;
  query: URLSearchParams;
  body: B;
}

/** An answer as it goes over the wire; body undefined is an empty one. */
export interface Answer {
  status: number;
  body: unknown;
}

/** A server that is a table of handlers typed by the contract; it says what was asked of it. */
export class FakeBackend {
  /** Every request in order, such as "POST /apps". */
  readonly log: string[] = [];
  /** The bodies of requests that had one. */
  readonly bodies: { request: string; body: unknown }[] = [];
  private readonly handlers: { method: string; pattern: RegExp; names: string[]; answer: (asked: Asked<never>) => unknown }[] = [];

  /** Answers an operation of the contract; the newest handler of an operation wins. Throw `problem(…)` to refuse. */
  on<P extends keyof paths & string, M extends MethodsOf<P>>(
    method: M,
    path: P,
    answer: (asked: Asked<BodyOf<P, M>>) => SuccessOf<ResponsesOf<P, M>>,
  ): this {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1] ?? '');
    const pattern = new RegExp(`^${path.replace(/\{\w+\}/g, '([^/]+)')}$`);
    this.handlers.unshift({ method: method.toUpperCase(), pattern, names, answer: answer as (asked: Asked<never>) => unknown });
    return this;
  }

  /** Answers a request whose URL is that of the API, without its prefix. */
  answer(method: string, url: URL, body: unknown): Answer {
    const path = url.pathname.replace(/^\/api\/v1/, '');
    const request = `${method} ${path}`;
    this.log.push(request);
    if (body !== undefined) this.bodies.push({ request, body });
    for (const handler of this.handlers) {
      const match = handler.method === method ? handler.pattern.exec(path) : null;
      if (!match) continue;
      const asked = {
        path: Object.fromEntries(handler.names.map((name, i) => [name, decodeURIComponent(match[i + 1] ?? '')])),
        query: url.searchParams,
        body: body as never,
      };
      try {
        const answer = handler.answer(asked);
        return { status: answer === undefined ? 204 : method === 'POST' ? 201 : 200, body: answer };
      } catch (error) {
        if (error instanceof Refusal) return { status: error.problem.status, body: error.problem };
        throw error;
      }
    }
    return { status: 404, body: problemBody(404, 'not-found', { params: { kind: 'handler', name: request } }) };
  }

  /** The body of the last such request. */
  lastBody(request: string): unknown {
    return this.bodies.findLast((b) => b.request === request)?.body;
  }

  /** A fetch that asks this server. */
  fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const text = await request.text();
    const answer = this.answer(request.method, new URL(request.url), text === '' ? undefined : JSON.parse(text));
    const type = answer.status >= 400 ? 'application/problem+json' : 'application/json';
    return new Response(onTheWire(answer.body) ?? null, {
      status: answer.status,
      headers: { 'content-type': type },
    });
  };
}

/** A body as it is sent: what is text already, such as a stream of lines, stays as it is. */
export function onTheWire(body: unknown): string | undefined {
  return body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
}

class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(problem.code);
  }
}

function problemBody(status: number, code: ProblemCode, more: Partial<Problem> = {}): Problem {
  return { type: `urn:vela:problem:${code}`, title: code, status, code, detail: more.detail ?? code, ...more };
}

/** To be thrown by a handler. */
export function problem(status: number, code: ProblemCode, more: Partial<Problem> = {}): Error {
  return new Refusal(problemBody(status, code, more));
}

/** An EventSource that says what the test wants. */
export class FakeEventSource {
  static open: FakeEventSource[] = [];
  private readonly listeners = new Map<string, ((event: MessageEvent<string>) => void)[]>();
  closed = false;

  constructor(readonly url: string) {
    FakeEventSource.open.push(this);
  }

  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void {
    this.listeners.set(type, [...(this.listeners.get(type) ?? []), listener]);
  }

  close(): void {
    this.closed = true;
    FakeEventSource.open = FakeEventSource.open.filter((s) => s !== this);
  }

  /** Sends an event of the contract to the newest stream. */
  static say(event: StreamEvent): void {
    const source = FakeEventSource.open.at(-1);
    source?.listeners.get(event.event)?.forEach((l) => l(new MessageEvent(event.event, { data: JSON.stringify(event) })));
  }

  /** Cuts the newest stream. */
  static cut(): void {
    FakeEventSource.open.at(-1)?.listeners.get('error')?.forEach((l) => l(new MessageEvent('error')));
  }
}
