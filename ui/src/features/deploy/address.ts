// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

/** Whether the address of a page asks for the dialog over it. */
export function wantsDeploy(search: URLSearchParams): boolean {
  return search.has('deploy');
}

/** The query that opens the dialog over the page where one is. */
export function deploySearch(search: URLSearchParams): string {
  const next = new URLSearchParams(search);
  next.set('deploy', '');
  return next.toString().replace('deploy=', 'deploy');
}

/** The query of the page without the dialog. */
export function withoutDeploy(search: URLSearchParams): URLSearchParams {
  const next = new URLSearchParams(search);
  for (const key of ['deploy', 'workflow', 'canary-setting']) next.delete(key);
  return next;
}
