// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';

import type { AccessReview, App, CanaryRequest, Overview, Workflow, WorkflowInput } from '@/api/schema.gen';
import { problem } from '@/test/fakeBackend';
import { app, backend, me, overview } from '@/test/fixtures';
import { renderAt } from '@/test/render';
import { canaryOf, run, withWorkflows } from '@/test/workflows';

// Loaded before the clock of the tests runs.
import './DeployDialog';
import '../studio/StudioPage';

const page = '/apps/default/canary-demo/config';
const deployments = 'POST /apps/default/canary-demo/deployments';
const draftKey = 'velaux.draft.default/canary-demo';

const changed = structuredClone(app.spec);
if (changed.components[0]?.properties) changed.components[0].properties.image = 'wangyikewyk/canarydemo:v2';
const keepDraft = () => localStorage.setItem(draftKey, JSON.stringify({ base: app.spec, spec: changed }));

const canary: Workflow = { name: 'default-canary', alias: 'Default Canary Workflow', kind: 'saved', rollout: 'canary', steps: canaryOf({ batches: 3 }).steps, resourceVersion: '1' };

/** The dialog over the page, and the button that starts the release. */
async function dialog() {
  const box = await screen.findByRole('dialog');
  const deploy = await within(box).findByRole('button', { name: 'Deploy' });
  return { box, deploy };
}

describe('deploying', () => {
  test('sends the changes with the note, and leads to the release', async () => {
    keepDraft();
    const { backend: server, router } = await renderAt(page);
    await userEvent.click(await screen.findByRole('link', { name: 'Deploy' }));
    const { box, deploy } = await dialog();
    expect(await within(box).findByText('wangyikewyk/canarydemo:v2')).toBeTruthy();
    await userEvent.type(within(box).getByLabelText(/Note/), 'new page');
    await userEvent.click(deploy);
    await waitFor(() => expect(router.state.location.pathname).toBe('/apps/default/canary-demo/runs/v2'));
    expect(server.lastBody(deployments)).toEqual({ workflow: 'default', resourceVersion: '100', note: 'new page', spec: changed });
    expect(localStorage.getItem(draftKey)).toBeNull();
  });

  test('the back button closes the dialog and nothing was sent', async () => {
    const { backend: server, router } = await renderAt(page);
    await userEvent.click(await screen.findByRole('link', { name: 'Deploy' }));
    const { box } = await dialog();
    await userEvent.click(within(box).getByRole('button', { name: 'Cancel' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(router.state.location.search).toBe('');
    expect(server.log).not.toContain(deployments);
  });

  test('has an address of its own', async () => {
    await renderAt('/apps/default/canary-demo/deploy');
    expect((await dialog()).deploy).toBeTruthy();
  });

  test('is tried again when only the status was written in between, because that is nobody\'s change', async () => {
    let version = 100;
    const server = backend()
      .on('get', '/apps/{ns}/{app}', (): App => ({ ...app, resourceVersion: String(version) }))
      .on('post', '/apps/{ns}/{app}/deployments', ({ body }) => {
        if (version++ < 102) throw problem(409, 'conflict');
        expect(body.resourceVersion).toBe('102');
        return run;
      });
    const { router } = await renderAt(`${page}?deploy`, { backend: server });
    await userEvent.click((await dialog()).deploy);
    await waitFor(() => expect(router.state.location.pathname).toContain('/runs/v2'));
  });

  test('is refused when somebody else changed the specification meanwhile', async () => {
    let reads = 0;
    const server = backend().on('get', '/apps/{ns}/{app}', (): App => (reads++ === 0 ? app : { ...app, resourceVersion: '200', spec: changed }));
    await renderAt(`${page}?deploy`, { backend: server });
    await userEvent.click((await dialog()).deploy);
    expect(await screen.findByText('Somebody else changed it in between. Look at what changed, then try again.')).toBeTruthy();
    expect(server.log).not.toContain(deployments);
  });

  test('while another release is under way asks before that one gives way', async () => {
    const server = backend().on('post', '/apps/{ns}/{app}/deployments', ({ body }) => {
      if (!body.supersede) throw problem(409, 'release-in-progress', { params: { run: 'v7' } });
      return run;
    });
    const { router } = await renderAt(`${page}?deploy`, { backend: server });
    await userEvent.click((await dialog()).deploy);
    expect(await screen.findByText(/The release v7 is still under way/)).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: 'Release anyway' }));
    await waitFor(() => expect(router.state.location.pathname).toContain('/runs/v2'));
    expect(server.lastBody(deployments)).toMatchObject({ supersede: true });
  });

  test('is not offered to somebody who may not, and says which right is missing', async () => {
    const server = backend().on('post', '/access/review', ({ body }) => ({ results: body.checks.map(() => ({ allowed: false })) }));
    await renderAt(page, { backend: server });
    await waitFor(() => expect(screen.getByRole('button', { name: 'Deploy' })).toHaveProperty('disabled', true));
    expect(screen.getAllByRole('note', { name: 'You may not do this: needs the right to update applications' })).toBeTruthy();
  });
});

describe('the choice of workflows', () => {
  test('names each with its kind, and offers no second canary where there is one', async () => {
    keepDraft();
    const server = withWorkflows(backend(), [canary]);
    await renderAt(`${page}?deploy`, { backend: server });
    const { box, deploy } = await dialog();
    expect(within(box).getByRole('radio', { name: /Default Workflow.*Default Rollout/ })).toBeTruthy();
    await userEvent.click(within(box).getByRole('radio', { name: /Default Canary Workflow.*Canary Rollout/ }));
    expect(within(box).queryByRole('button', { name: 'Enable Canary Rollout' })).toBeNull();
    await userEvent.click(deploy);
    await waitFor(() => expect(server.lastBody(deployments)).toMatchObject({ workflow: 'default-canary' }));
  });

  test('offers the canary of a version that began to run after the page was opened', async () => {
    const server = withWorkflows(backend(), [canary]).on('get', '/apps/{ns}/{app}', (): App => ({ ...app, revision: undefined }));
    await renderAt(page, { backend: server });
    await userEvent.click(await screen.findByRole('link', { name: 'Deploy' }));
    const { box } = await dialog();
    await waitFor(() => expect(within(box).getByRole('radio', { name: /Canary/ }).matches(':enabled')).toBe(true));
  });

  test('explains at the first deployment that a canary needs a running version', async () => {
    const fresh: App = { ...app, held: true, revision: undefined, publishVersion: undefined, run: undefined, status: { word: 'NotDeployed' } };
    const server = withWorkflows(backend(), [canary])
      .on('get', '/apps/{ns}/{app}', () => fresh)
      .on('get', '/apps/{ns}/{app}/overview', (): Overview => ({ ...overview, status: fresh.status, app: { ...overview.app, revision: undefined } }));
    await renderAt(`${page}?deploy`, { backend: server });
    const { box } = await dialog();
    expect(within(box).getByRole('radio', { name: /Default Canary Workflow/ })).toHaveProperty('disabled', true);
    expect(within(box).getByRole('radio', { name: /Default Workflow/ })).toHaveProperty('checked', true);
    expect(within(box).getByText(/A canary needs a running version/)).toBeTruthy();
  });
});

describe('enabling canary rollout', () => {
  const created = 'POST /apps/default/canary-demo/workflows';

  test('shows what three batches mean, and saves nothing before Save', async () => {
    const { backend: server, router } = await renderAt(`${page}?deploy`);
    await userEvent.click(within((await dialog()).box).getByRole('button', { name: 'Enable Canary Rollout' }));
    const batches = await screen.findByRole('spinbutton', { name: 'Batch Setting' });
    await userEvent.clear(batches);
    await userEvent.type(batches, '3');
    const table = await screen.findByRole('table', { name: 'What each batch means' });
    await waitFor(() => expect(within(table).getAllByRole('row').map((r) => r.textContent)).toEqual(['BatchWeightPods of the new version', 'Batch 1%1 of 3', 'Batch 2%2 of 3', 'Batch 3100%3 of 3']));
    expect(within(table).getAllByRole('spinbutton').map((w) => (w as HTMLInputElement).value)).toEqual(['33', '66']);

    await userEvent.click(screen.getByRole('button', { name: 'OK' }));
    expect(await screen.findByText('Not saved yet')).toBeTruthy();
    expect(router.state.location.pathname).toBe('/apps/default/canary-demo/workflows/default-canary');
    expect(screen.getByLabelText('Alias', { selector: 'input[maxlength="64"]' })).toHaveProperty('value', 'Default Canary Workflow');
    expect(server.log).not.toContain(created);

    await userEvent.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(server.log).toContain(created));
    const saved = server.lastBody(created) as WorkflowInput;
    expect(saved.steps.map((s) => [s.name, s.type, s.properties?.weight])).toEqual([
      ['default-batch-1', 'canary-deploy', 33],
      ['default-approve-1', 'suspend', undefined],
      ['default-batch-2', 'canary-deploy', 66],
      ['default-approve-2', 'suspend', undefined],
      ['default-batch-3', 'canary-deploy', 100],
    ]);
    expect((await screen.findAllByText('Workflow saved')).length).toBeGreaterThan(0);
    await waitFor(() => expect(router.state.location.search).toBe(''));
  });

  test('defect 3: a canary setting that is cancelled leaves no workflow behind', async () => {
    const { backend: server } = await renderAt(`${page}?deploy`);
    await userEvent.click(within((await dialog()).box).getByRole('button', { name: 'Enable Canary Rollout' }));
    await screen.findByRole('table', { name: 'What each batch means' });
    await userEvent.click(screen.getByRole('button', { name: 'Cancel' }));
    expect((await dialog()).deploy).toBeTruthy();
    expect(server.log).not.toContain(created);
  });

  test('defect 6: a developer, who is no administrator, is offered it; what is asked about rights names the namespace', async () => {
    const developer = (resource: string) => ['applications', 'workflows'].includes(resource);
    const server = backend()
      .on('get', '/me', () => ({ ...me, username: 'dev', kubernetesUser: 'vela:dev', groups: ['vela:developers'], roles: ['developer' as const] }))
      .on('post', '/access/review', ({ body }) => ({ results: body.checks.map((c) => ({ allowed: developer(c.resource) })) }));
    await renderAt(`${page}?deploy`, { backend: server });
    const { box, deploy } = await dialog();
    expect(within(box).getByRole('button', { name: 'Enable Canary Rollout' })).toHaveProperty('disabled', false);
    expect(deploy).toHaveProperty('disabled', false);
    const asked = server.bodies.filter((b) => b.request === 'POST /access/review').flatMap((b) => (b.body as AccessReview).checks);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((c) => c.namespace !== 'default' || Object.values(c).some((v) => typeof v !== 'string' || v.includes('[object')))).toEqual([]);
  });

  test('with a weight of one\'s own asks for exactly these weights, and tells which one falls', async () => {
    const { backend: server } = await renderAt(`${page}?deploy`);
    await userEvent.click(within((await dialog()).box).getByRole('button', { name: 'Enable Canary Rollout' }));
    const second = await screen.findByRole('spinbutton', { name: 'Weight of batch 2' });
    await userEvent.clear(second);
    await userEvent.type(second, '20');
    expect(await screen.findByText('The weight of batch 2 is lower than the one before it; make it at least as high.')).toBeTruthy();
    expect(screen.getByRole('button', { name: 'OK' })).toHaveProperty('disabled', true);
    expect((server.lastBody('POST /apps/default/canary-demo/generate-canary') as CanaryRequest).weights).toEqual([33, 20, 100]);
  });
});

describe('the studio', () => {
  test('lets the share of a batch be changed, and refuses one that falls where it stands', async () => {
    const server = withWorkflows(backend(), [canary]);
    await renderAt('/apps/default/canary-demo/workflows/default-canary', { backend: server });
    await userEvent.click(await screen.findByRole('button', { name: /Batch 2.*66%/ }));
    const weight = await screen.findByLabelText(/Weight/);
    await userEvent.clear(weight);
    await userEvent.type(weight, '20');
    expect((await screen.findAllByText(/may not be lower than the one before it/)).length).toBeGreaterThan(0);
    expect(screen.getByRole('button', { name: 'Save' })).toHaveProperty('disabled', true);
    await userEvent.clear(weight);
    await userEvent.type(weight, '50');
    await userEvent.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => expect(server.lastBody('PUT /apps/default/canary-demo/workflows/default-canary')).toBeTruthy());
    const saved = server.lastBody('PUT /apps/default/canary-demo/workflows/default-canary') as WorkflowInput;
    expect(saved.resourceVersion).toBe('1');
    expect(saved.steps[2]?.properties).toEqual({ weight: 50 });
  });

  test('asks before unsaved changes are left behind', async () => {
    const { router } = await renderAt('/apps/default/canary-demo/workflows/default-canary', { backend: withWorkflows(backend(), [canary]) });
    await userEvent.click(await screen.findByRole('button', { name: 'Remove Approve 2' }));
    await userEvent.click(screen.getByRole('link', { name: 'Properties' }));
    expect((await screen.findAllByText('Leave without saving?')).length).toBeGreaterThan(0);
    expect(router.state.location.pathname).toContain('/workflows/');
    await userEvent.click(screen.getByRole('button', { name: 'Leave' }));
    await waitFor(() => expect(router.state.location.pathname).toBe(page));
  });
});
