// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { Page } from 'playwright-core';

/** The name of what has the focus; empty for nothing. */
export function nameOfFocused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const e = document.activeElement;
    if (!e || e === document.body) return '';
    const label = (e as HTMLInputElement).labels?.[0]?.textContent;
    return (e.getAttribute('aria-label') ?? label ?? e.textContent ?? '').trim();
  });
}
