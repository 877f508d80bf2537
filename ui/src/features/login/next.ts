// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

/** A path of this site to go to after signing in; anything else, such as another site, is not followed. */
export function safeNext(next: string | null): string | undefined {
  if (!next?.startsWith('/') || next.startsWith('//') || next.includes('\\')) return undefined;
  return next;
}
