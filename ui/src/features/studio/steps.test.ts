// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';

import type { WorkflowStep } from '@/api/schema.gen';

import { freeName, moved, problemsOf } from './steps';

const canary = (name: string, weight: number): WorkflowStep => ({ name, type: 'canary-deploy', properties: { weight } });
const approve = (name: string): WorkflowStep => ({ name, type: 'suspend' });

describe('steps', () => {
  test.each([
    ['of three batches with approvals between them are right', [canary('a', 33), approve('b'), canary('c', 66), approve('d'), canary('e', 100)], []],
    ['may keep a weight', [canary('a', 50), canary('b', 50)], []],
    ['may not let a weight fall, not even across an approval', [canary('a', 50), approve('b'), canary('c', 30)], [{ path: '/2/properties/weight', code: 'falling-weight' }]],
    ['have no weight above 100', [canary('a', 101)], [{ path: '/0/properties/weight', code: 'too-large', params: { limit: '100' } }]],
    ['have no weight below 0', [canary('a', -1)], [{ path: '/0/properties/weight', code: 'too-small', params: { limit: '0' } }]],
    ['have each name once, groups included', [approve('a'), { name: 'g', type: 'step-group', subSteps: [approve('a')] }], [{ path: '/1/subSteps/0/name', code: 'duplicate' }]],
    ['have names', [approve(''), approve('Not a name')], [{ path: '/0/name', code: 'required' }, { path: '/1/name', code: 'format' }]],
  ])('%s', (_, steps, want) => {
    expect(problemsOf(steps)).toEqual(want);
  });

  test('move by one place and stay at the ends', () => {
    expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c']);
    expect(moved(['a', 'b', 'c'], 2, -1)).toEqual(['a', 'c', 'b']);
    expect(moved(['a', 'b', 'c'], 2, 1)).toEqual(['a', 'b', 'c']);
    expect(moved(['a', 'b', 'c'], 0, -1)).toEqual(['a', 'b', 'c']);
  });

  test('that are new get a name that is free', () => {
    expect(freeName([approve('suspend-1'), { name: 'g', type: 'step-group', subSteps: [approve('suspend-2')] }], 'suspend')).toBe('suspend-3');
  });
});
