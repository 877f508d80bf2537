// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import createClient, { type Middleware } from 'openapi-fetch';

import { asProblem, problemOf } from './problem';
import type { paths } from './schema.gen';

/** Where the API is, also when the site is served below a path. */
export function apiBase(): string {
  return new URL('api/v1', document.baseURI).pathname;
}

const throwProblems: Middleware = {
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response);
  },
  onError({ error }) {
    return asProblem(error);
  },
};

function make() {
  // fetch is looked up at each call, so that tests can put their own in its place.
  const client = createClient<paths>({
    baseUrl: new URL(apiBase(), window.location.origin).href,
    credentials: 'same-origin',
    headers: { 'Content-Type': 'application/json' },
    fetch: (request) => globalThis.fetch(request),
  });
  client.use(throwProblems);
  return client;
}

let made: ReturnType<typeof make> | undefined;

/** The client of the contract; every call either resolves with data or throws a ProblemError. */
export function api(): ReturnType<typeof make> {
  made ??= make();
  return made;
}

/** Takes the data out of an answer; without data (204) it is an error to ask for it. */
export function dataOf<T>({ data }: { data?: T }): T {
  if (data === undefined) throw asProblem(new Error('the answer has no body'));
  return data;
}
