// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Runs something that makes style elements, and gives each the page's nonce: the terminal's library knows no nonce, and the
 * security policy lets no style in without.
 */
export function withNonce(page: Document, nonce: string | undefined, run: () => void): void {
  if (!nonce) {
    run();
    return;
  }
  const create = page.createElement.bind(page);
  page.createElement = ((name: string, options?: ElementCreationOptions) => {
    const element = create(name, options);
    if (element instanceof HTMLStyleElement) element.nonce = nonce;
    return element;
  }) as typeof page.createElement;
  try {
    run();
  } finally {
    // What stood there before was the prototype's.
    delete (page as { createElement?: unknown }).createElement;
  }
}
