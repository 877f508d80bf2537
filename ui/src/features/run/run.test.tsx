// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { act } from 'react';
import { describe, expect, test } from 'vitest';

import { FakeEventSource, problem } from '@/test/fakeBackend';
import { releaseBackend, releasing, run, steps } from '@/test/release';
import { renderAt } from '@/test/render';

const page = '/apps/default/canary-demo/runs/v2';
const actions = 'POST /apps/default/canary-demo/runs/v2/actions';

async function openDialog(button: string, backend = releaseBackend()) {
  const shown = await renderAt(page, { backend });
  await userEvent.click(await screen.findByRole('button', { name: button }));
  return { ...shown, dialog: await screen.findByRole('dialog') };
}

describe('a release that waits for an approval', () => {
  test('shows what was asked, acknowledged and measured as three numbers', async () => {
    await renderAt(page, { backend: releaseBackend() });
    const panel = within(await screen.findByRole('region', { name: 'canary-demo' }));
    const value = (name: string) => panel.getByText(name, { selector: 'dt' }).nextElementSibling?.textContent;
    expect(value('Asked')).toBe('33%');
    expect(value('Acknowledged by the gateway')).toBe('33%');
    expect(value('Measured')).toMatch(/^32.6% of 1,204 requests/);
  });

  test('never shows a share that nobody counted as a number', async () => {
    const backend = releaseBackend().on('get', '/apps/{ns}/{app}/overview', () => ({
      ...releasing,
      edge: 'silent' as const,
      releases: releasing.releases.map((r) => ({ ...r, split: { routed: true, asked: 33 } })),
    }));
    await renderAt(page, { backend });
    const panel = within(await screen.findByRole('region', { name: 'canary-demo' }));
    expect(panel.getByText('Measured').nextElementSibling?.textContent).toBe('the gateway does not answer');
    expect(panel.getByText('Acknowledged by the gateway').nextElementSibling?.textContent).toBe('Unknown');
  });

  test('tells in the card who wants what, since when and what comes next', async () => {
    await renderAt(page, { backend: releaseBackend() });
    const card = within(await screen.findByRole('region', { name: 'Waiting for approval' }));
    expect(card.getByText('lin')).toBeTruthy();
    expect(card.getByText('new greeting')).toBeTruthy();
    expect(await card.findByText('wangyikewyk/canarydemo:v2', { selector: 'ins' })).toBeTruthy();
    expect(card.getByText('Continue → Next: 66%, 2 of 3 pods')).toBeTruthy();
  });
});

describe('an action', () => {
  test('Continue says what comes next, and sends the step that was seen with the reason', async () => {
    const { dialog, backend } = await openDialog('Continue');
    expect(within(dialog).getByText('Next: 66%, 2 of 3 pods')).toBeTruthy();
    await userEvent.type(within(dialog).getByLabelText(/Reason/), 'looks good');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Continue' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(backend.lastBody(actions)).toEqual({ action: 'resume', stepId: 's2', reason: 'looks good' });
  });

  test('Rollback names the revision it goes to, what goes back and how many pods there are; Cancel has the focus', async () => {
    const { dialog, backend } = await openDialog('Rollback');
    expect(within(dialog).getByText('Goes back to v1 (revision canary-demo-v1).')).toBeTruthy();
    expect(within(dialog).getByText('wangyikewyk/canarydemo:v1', { selector: 'ins' })).toBeTruthy();
    expect(within(dialog).getByText(/2 of 3 pods of the stable version are ready: until 1 more has started/)).toBeTruthy();
    await waitFor(() => expect(document.activeElement).toBe(within(dialog).getByRole('button', { name: 'Cancel' })));
    await userEvent.click(within(dialog).getByRole('button', { name: 'Rollback' }));
    await waitFor(() => expect(backend.lastBody(actions)).toEqual({ action: 'rollback', stepId: 's2' }));
  });

  test('Terminate says that the split stays as it is', async () => {
    const { dialog } = await openDialog('Terminate');
    expect(within(dialog).getByText('v2 keeps 33% of the traffic with 1 of 3 pods.')).toBeTruthy();
  });

  test('that somebody else was faster with is told with their name, and the page reads the release anew', async () => {
    const backend = releaseBackend().on('post', '/apps/{ns}/{app}/runs/{run}/actions', () => {
      throw problem(409, 'stale', { params: { by: 'lin', at: '2026-11-29T11:59:58Z', run: 'v2', step: 'default-approve-1' } });
    });
    const { dialog } = await openDialog('Continue', backend);
    const before = backend.log.filter((l) => l === 'GET /apps/default/canary-demo/runs/v2').length;
    await userEvent.click(within(dialog).getByRole('button', { name: 'Continue' }));
    expect(await within(dialog).findByText('Step already approved by lin.')).toBeTruthy();
    expect(within(dialog).queryByRole('button', { name: 'Continue' })).toBeNull();
    await waitFor(() => expect(backend.log.filter((l) => l === 'GET /apps/default/canary-demo/runs/v2').length).toBeGreaterThan(before));
  });

  test('cannot be carried out on a step that the release has left while the dialog was open', async () => {
    const { dialog, backend } = await openDialog('Continue');
    const later = steps.map((s, i) => (i === 1 ? { ...s, state: 'Succeeded' as const, by: 'lin' } : i === 2 ? { ...s, id: 's3', state: 'Running' as const } : s));
    act(() => {
      FakeEventSource.say({ event: 'server', streamId: '1', version: 'x' });
      FakeEventSource.say({ event: 'snapshot', topic: 'run:default/canary-demo/v2', version: '2', data: { ...run, state: 'Running', steps: later } });
    });
    expect(await within(dialog).findByText(/has gone on since you opened this/)).toBeTruthy();
    expect(within(dialog).queryByRole('button', { name: 'Continue' })).toBeNull();
    expect(backend.lastBody(actions)).toBeUndefined();
  });

  test('that the person may not is there, does nothing, and says which right is missing', async () => {
    const backend = releaseBackend().on('post', '/access/review', ({ body }) => ({ results: body.checks.map((c) => ({ allowed: c.verb !== 'rollback' })) }));
    await renderAt(page, { backend });
    const button = await screen.findByRole('button', { name: 'Rollback' });
    await waitFor(() => expect(button.getAttribute('aria-disabled')).toBe('true'));
    expect(document.getElementById(button.getAttribute('aria-describedby') ?? '')?.textContent).toContain('rollback releaseactions');
    await userEvent.click(button);
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  test('Continue opens by its key, and carries nothing out by it', async () => {
    const { backend } = await renderAt(page, { backend: releaseBackend() });
    await screen.findByRole('button', { name: 'Continue' });
    await userEvent.keyboard('c');
    expect(await screen.findByRole('dialog')).toBeTruthy();
    expect(backend.lastBody(actions)).toBeUndefined();
  });
});

test('the page follows the stream without being asked', async () => {
  await renderAt(page, { backend: releaseBackend() });
  await screen.findByText(/Suspended: waiting for approval \(/, { selector: 'h1 ~ span span' });
  act(() => {
    FakeEventSource.say({ event: 'server', streamId: '1', version: 'x' });
    FakeEventSource.say({ event: 'snapshot', topic: 'run:default/canary-demo/v2', version: '2', data: { ...run, state: 'RolledBack', rolledBackTo: 'canary-demo-v1' } });
  });
  expect(await screen.findByText('Rolled back', { selector: 'h1 ~ span span' })).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Continue' })).toBeNull();
});

test('a release of the past has no buttons and leads to the present one', async () => {
  await renderAt('/apps/default/canary-demo/runs/v1', { backend: releaseBackend() });
  expect(await screen.findByText('This release is not the current one.')).toBeTruthy();
  expect(screen.getByRole('link', { name: 'Go to v2' }).getAttribute('href')).toBe(page);
  expect(screen.queryByRole('group', { name: 'Actions of the release' })).toBeNull();
});

test('a release that is not there is told as such', async () => {
  await renderAt('/apps/default/canary-demo/runs/v9', { backend: releaseBackend() });
  expect(await screen.findByRole('heading', { name: 'Nothing is at this address' })).toBeTruthy();
});

test('the page is Chinese where the person reads Chinese', async () => {
  await renderAt(page, { backend: releaseBackend(), language: 'zh' });
  await userEvent.click(await screen.findByRole('button', { name: '继续' }));
  expect(within(await screen.findByRole('dialog')).getByText('下一步：66%，3 个实例中的 2 个')).toBeTruthy();
});

test('the list of releases leads to each', async () => {
  await renderAt('/apps/default/canary-demo/runs', { backend: releaseBackend() });
  const table = within(await screen.findByRole('table', { name: 'Releases' }));
  expect(table.getByRole('link', { name: 'v2' }).getAttribute('href')).toBe(page);
  expect(table.getByText('Default Rollout')).toBeTruthy();
});

test('activity is narrowed down by kind, and the address remembers it', async () => {
  const { router } = await renderAt(page, { backend: releaseBackend() });
  await screen.findByText(/Readiness probe failed/);
  await userEvent.click(within(screen.getByRole('radiogroup', { name: 'Kind of activity' })).getByText('Steps'));
  expect(screen.queryByText(/Readiness probe failed/)).toBeNull();
  expect(screen.queryByText('Component canary-demo was applied.')).toBeNull();
  expect(router.state.location.search).toBe('?kind=step');
});
