// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { cleanup, configure } from '@testing-library/react';
import { afterEach, vi } from 'vitest';

// A page is a chunk that the first test loads, on machines that do other things too.
configure({ asyncUtilTimeout: 15_000 });

// What jsdom has not and the component library asks for.
const base = document.createElement('base');
base.href = '/';
document.head.append(base);

Object.defineProperty(window, 'matchMedia', {
  value: (query: string) => ({
    matches: query.includes('prefers-reduced-motion'), // no animation to wait for
    media: query,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
    addListener: () => undefined,
    removeListener: () => undefined,
  }),
});

class NoObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}
vi.stubGlobal('ResizeObserver', NoObserver);
window.scrollTo = () => undefined;
Element.prototype.scrollIntoView = () => undefined;
// Working out the style of each element from all style sheets takes seconds for every query; the element's own will do here.
// What is seen is checked in a real browser (browser/).
window.getComputedStyle = (element) => (element instanceof HTMLElement || element instanceof SVGElement ? element.style : document.documentElement.style);

afterEach(() => {
  cleanup();
  localStorage.clear();
});
