// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';

import type { Overview, Run, RunState } from '@/api/schema.gen';
import { releasing, run, steps } from '@/test/release';

import { leaves, offers, presentStep, requestOf } from './offers';

const usable = (r: Run, o: Overview = releasing) => offers(r, o).filter((x) => x.whyNot === undefined).map((x) => x.action);

describe('what can be asked of a release', () => {
  test.each<[string, RunState, string[]]>([
    ['waits for an approval', 'Waiting', ['resume', 'rollback', 'terminate']],
    ['is held by a person', 'Paused', ['resume', 'rollback', 'terminate']],
    ['runs', 'Running', ['suspend', 'rollback', 'terminate']],
    ['rolls back', 'RollingBack', ['terminate']],
    ['failed', 'Failed', ['rollback', 'restart']],
    ['was terminated', 'Terminated', ['rollback', 'restart']],
    ['succeeded', 'Succeeded', []],
    ['was rolled back', 'RolledBack', []],
  ])('that %s', (_, state, want) => {
    expect(usable({ ...run, state })).toEqual(want);
  });

  test('a release that the application has left offers nothing', () => {
    expect(offers({ ...run, current: false }, releasing)).toEqual([]);
  });

  test('a rollback that is not possible says why in the words of the server', () => {
    const o = { ...releasing, rollback: { possible: false, why: 'No revision has succeeded.' } };
    expect(offers(run, o).find((x) => x.action === 'rollback')?.whyNot).toEqual({ sentence: 'No revision has succeeded.' });
  });
});

describe('the step that goes into the request', () => {
  test('is the one that the server names as waiting', () => {
    expect(offers(run, releasing)[0]?.stepId).toBe('s2');
  });

  test('is the one that runs where nothing waits', () => {
    const running = { ...run, state: 'Running' as const, steps: steps.map((s, i) => (i === 1 ? { ...s, state: 'Running' as const } : s)) };
    expect(offers(running, { ...releasing, next: undefined }).map((o) => o.stepId)).toEqual(['s2', 's2', 's2', 's2']);
  });

  test('is never that of another run', () => {
    const other = { ...releasing, next: { run: 'v3', stepId: 'z9', step: 'x' } };
    expect(offers(run, other)[0]?.stepId).toBe('s2');
  });

  test('is the failed one when a run is to be tried again', () => {
    const failed: Run = { ...run, state: 'Failed', steps: steps.map((s, i) => (i === 1 ? { ...s, state: 'Failed' } : s)) };
    expect(requestOf(offers(failed, releasing)[1] ?? expect.fail('no restart'), '')).toEqual({ action: 'restart', step: 'default-approve-1', stepId: 's2' });
  });
});

test('a reason of blanks is none', () => {
  const offer = offers(run, releasing)[0] ?? expect.fail('no offer');
  expect(requestOf(offer, '   ')).toEqual({ action: 'resume', stepId: 's2' });
  expect(requestOf(offer, ' looks good ')).toEqual({ action: 'resume', stepId: 's2', reason: 'looks good' });
});

test('the steps of a group stand in its place', () => {
  const group: Run = { ...run, steps: [{ name: 'g', type: 'step-group', state: 'Running', subSteps: steps }] };
  expect(leaves(group.steps)).toEqual(steps);
  expect(presentStep(group)?.id).toBe('s2');
});
