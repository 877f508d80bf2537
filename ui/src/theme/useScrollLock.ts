// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useLayoutEffect } from 'react';

let locks = 0;

function add(by: 1 | -1): void {
  locks += by;
  document.documentElement.toggleAttribute('data-locked', locks > 0);
}

/**
 * Keeps the page behind a dialog from scrolling. Stands in for the one of @rc-component/portal (see vite.config.ts), which writes a
 * style element without a nonce, and so does nothing under the page's security policy but be reported.
 */
export default function useScrollLock(lock?: boolean): void {
  useLayoutEffect(() => {
    if (!lock) return;
    add(1);
    return () => add(-1);
  }, [lock]);
}
