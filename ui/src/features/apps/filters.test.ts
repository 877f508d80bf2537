// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';

import { broken, waiting, webservice } from '@/test/fixtures';

import { matching, readFilters, writeFilters } from './filters';

describe('filters live in the address', () => {
  test.each(['', 'ns=shop', 'q=v1&status=Failed', 'sort=-createdAt', 'ns=a&q=b&status=Stable&sort=-name'])('%s is read and written alike', (address) => {
    expect(writeFilters(readFilters(new URLSearchParams(address))).toString()).toBe(address);
  });
});

describe('an application is found', () => {
  const all = [webservice, broken, waiting];
  const names = (q: string, status = '') => matching(all, { q, status }).map((a) => a.name);

  test('by its name, by an image, in any case', () => {
    expect(names('CHECK')).toEqual(['checkout']);
    expect(names('canarydemo:v1')).toEqual(['canary-demo']);
    expect(names('  ')).toHaveLength(3);
  });

  test('by its status', () => {
    expect(names('', 'Failed')).toEqual(['cart']);
    expect(names('checkout', 'Failed')).toEqual([]);
  });
});
