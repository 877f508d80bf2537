// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useState } from 'react';

/**
 * Gives the focus back to what had it before the component came, once it goes: for dialogs that are pages, which are not closed but
 * left. Where that is gone too, reading goes on at the page's heading.
 */
export function useReturnFocus(): void {
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      window.setTimeout(() => {
        const { activeElement } = document;
        if (activeElement && activeElement !== document.body && activeElement.isConnected) return; // somebody has taken it
        const target = before instanceof HTMLElement && before !== document.body && before.isConnected ? before : document.querySelector<HTMLElement>('main h1');
        target?.focus();
      });
    },
    [before],
  );
}
