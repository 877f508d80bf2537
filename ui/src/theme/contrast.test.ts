// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const css = readFileSync('src/theme/tokens.css', 'utf8');

function block(selector: string): Record<string, string> {
  const body = css.slice(css.indexOf(selector)).match(/\{([^}]*)\}/)?.[1] ?? '';
  return Object.fromEntries([...body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6});/g)].map((m) => [m[1], m[2]]));
}

function luminance(hex: string): number {
  const channel = (i: number) => {
    const v = parseInt(hex.slice(i, i + 2), 16) / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

/** WCAG 2.2 contrast ratio. */
function contrast(a: string, b: string): number {
  const [hi, lo] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (hi + 0.05) / (lo + 0.05);
}

const schemes = { light: block(":root[data-theme='light']"), dark: block(":root[data-theme='dark']") };

test.each(Object.entries(schemes))('in the %s theme text can be read on every surface and lines can be seen', (_, c) => {
  const at = (name: string) => c[name] ?? expect.fail(`no colour --${name}`);
  for (const surface of ['page', 'surface', 'surface-2']) {
    for (const text of Object.keys(c).filter((k) => k === 'text' || k === 'text-2' || k === 'link' || k.endsWith('-text'))) {
      expect(contrast(at(text), at(surface)), `--${text} on --${surface}`).toBeGreaterThanOrEqual(4.5);
    }
    for (const line of Object.keys(c).filter((k) => k === 'line-strong' || k === 'focus' || (k.endsWith('-line') && k !== 'line'))) {
      expect(contrast(at(line), at(surface)), `--${line} on --${surface}`).toBeGreaterThanOrEqual(3);
    }
  }
});
