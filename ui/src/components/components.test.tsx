// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { screen } from '@testing-library/react';
import { describe, expect, test, vi } from 'vitest';
import userEvent from '@testing-library/user-event';

import type { Lane, RunStep } from '@/api/schema.gen';
import { renderPart } from '@/test/render';

import { RevisionLanes } from './RevisionLanes';
import { SplitBar } from './SplitBar';
import { StatusWord } from './StatusWord';
import { StepRail } from './StepRail';

describe('the split of traffic', () => {
  test('is read as what was asked and what was measured', async () => {
    await renderPart(<SplitBar stable="v1" canary="v2" asked={33} measured={{ percent: 32.64, requests: 1204 }} />);
    const meter = screen.getByRole('meter', { name: 'Traffic' });
    expect(meter.getAttribute('aria-valuenow')).toBe('33');
    expect(meter.getAttribute('aria-valuetext')).toBe(
      'v2 is asked to get 33% of the traffic, v1 the rest; measured 32.6% of 1,204 requests.',
    );
    expect(screen.getByText(/asked 33% · measured 32.6%/)).toBeTruthy();
  });

  test('shows no number that nobody knows', async () => {
    await renderPart(<SplitBar stable="v1" canary="v2" asked={20} measured={null} />);
    expect(screen.getByRole('meter').getAttribute('aria-valuetext')).toContain('not measured yet');
    expect(screen.getByRole('meter').getAttribute('data-measured')).toBe('no');
  });

  test('is read in Chinese where the page is Chinese', async () => {
    await renderPart(<SplitBar stable="v1" canary="v2" asked={33} measured={null} />, { language: 'zh' });
    expect(screen.getByRole('meter', { name: '流量' }).getAttribute('aria-valuetext')).toBe('v2 设定承接 33% 的流量，其余由 v1 承接；尚无实测数据。');
  });
});

describe('a status', () => {
  test.each([
    [{ word: 'RollingOut', percent: 33 }, 'Rolling out 33%'],
    [{ word: 'RollingOut', percent: null }, 'Rolling out'],
    [{ word: 'Waiting', waitingFor: 840_000 }, 'Suspended: waiting for approval (14 min)'],
    [{ word: 'RolledBack' }, 'Rolled back'],
    [{ word: 'FromTheFuture' }, 'Unknown'],
  ])('%o is "%s"', async (props, want) => {
    await renderPart(<StatusWord {...props} />);
    expect(screen.getByText(want)).toBeTruthy();
  });
});

describe('the lanes of versions', () => {
  const lane = (more: Partial<Lane>): Lane => ({ pods: 0, ready: 0, items: [], problems: [], ...more });

  test('have the stable one first, and every pod says its state in words', async () => {
    const stable = lane({
      revision: 'demo-v1',
      image: 'demo:v1',
      pods: 2,
      ready: 1,
      items: [
        { name: 'p1', state: 'Ready', restarts: 0 },
        { name: 'p2', state: 'Terminating', restarts: 0 },
      ],
    });
    const canary = lane({
      revision: 'demo-v2',
      pods: 1,
      items: [{ name: 'p3', state: 'Warning', restarts: 3 }],
      problems: ['The image demo:v2 cannot be pulled.'],
    });
    await renderPart(<RevisionLanes stable={stable} canary={canary} />);
    expect(screen.getAllByRole('region').map((r) => r.getAttribute('aria-label'))).toEqual([
      'Stable version demo-v1',
      'New version demo-v2',
    ]);
    expect(screen.getAllByRole('img').map((i) => i.getAttribute('aria-label'))).toEqual(['p1: ready', 'p2: ending', 'p3: in trouble']);
    expect(screen.getByText('1 of 2 pods ready')).toBeTruthy();
    expect(screen.getByText('The image demo:v2 cannot be pulled.')).toBeTruthy();
  });

  test('of very many pods show some and count the rest', async () => {
    const items = Array.from({ length: 75 }, (_, i) => ({ name: `p${i}`, state: 'Ready' as const, restarts: 0 }));
    await renderPart(<RevisionLanes stable={lane({ pods: 75, ready: 75, items })} canary={null} />);
    expect(screen.getAllByRole('img')).toHaveLength(60);
    expect(screen.getByText('and 15 more')).toBeTruthy();
  });
});

describe('the rail of steps', () => {
  const now = new Date('2026-11-29T12:00:00Z');
  const steps: RunStep[] = [
    {
      id: 'a',
      name: 'default-batch-1',
      alias: 'Batch 1',
      type: 'canary-deploy',
      state: 'Succeeded',
      weight: 33,
      pods: 1,
      replicas: 3,
      startedAt: '2026-11-29T11:50:00Z',
      endedAt: '2026-11-29T11:51:30Z',
    },
    { id: 'b', name: 'default-approve-1', type: 'suspend', state: 'Waiting', startedAt: '2026-11-29T11:52:00Z', by: 'lin', reason: 'looks good' },
    { name: 'default-batch-2', type: 'canary-deploy', state: 'Pending', weight: 66 },
  ];

  test('tells of each what it asks for, how long it took, who let it go on and why', async () => {
    await renderPart(<StepRail steps={steps} now={now} />);
    const [first, second, third] = screen.getAllByRole('listitem');
    expect(first?.textContent).toContain('33% of the traffic');
    expect(first?.textContent).toContain('1 of 3 pods');
    expect(first?.textContent).toContain('took 1 min 30 sec');
    expect(second?.getAttribute('aria-current')).toBe('step');
    expect(second?.textContent).toContain('by lin');
    expect(second?.textContent).toContain('looks good');
    expect(third?.textContent).toContain('Not reached');
    expect(third?.getAttribute('aria-current')).toBeNull();
  });

  test('can be chosen from by keyboard', async () => {
    const chosen = vi.fn();
    await renderPart(<StepRail steps={steps} now={now} onSelect={chosen} selected="default-batch-1" />);
    await userEvent.tab();
    expect(document.activeElement?.getAttribute('aria-pressed')).toBe('true');
    await userEvent.tab();
    await userEvent.keyboard('{Enter}');
    expect(chosen).toHaveBeenCalledWith('default-approve-1');
  });
});
