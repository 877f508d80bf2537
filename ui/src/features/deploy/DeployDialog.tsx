// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useQuery } from '@tanstack/react-query';
import { Alert, Button, Input, Modal, Radio, Select } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';

import { api, dataOf } from '@/api/client';
import { ProblemError } from '@/api/problem';
import type { App, CanaryRequest, Workflow } from '@/api/schema.gen';
import { paths } from '@/app/paths';
import { useReturnFocus } from '@/app/useReturnFocus';
import { ChangeList } from '@/components/ChangeList';
import { DryRunButton } from '@/components/DryRun';
import { Loaded } from '@/components/Loading';
import { ProblemAlert } from '@/components/Problem';
import { StatusWord } from '@/components/StatusWord';
import { useConfirm } from '@/components/useConfirm';
import { useToast } from '@/components/useToast';
import { useApp, useOverview, useWorkflows } from '@/features/app/queries';
import { useDraft, type DraftState } from '@/features/app/useDraft';
import { CanaryDialog } from '@/features/studio/CanaryDialog';
import { writeRequest } from '@/features/studio/canary';
import { useWorkflowName } from '@/features/studio/names';
import { RolloutTag } from '@/features/studio/RolloutTag';

import styles from './DeployDialog.module.css';
import { useDeploy } from './useDeploy';

interface Props {
  ns: string;
  app: string;
  /** Chosen at first, by name. */
  workflow?: string;
  close: () => void;
}

/** Chooses how the changes go out, and starts the release. */
export function DeployDialog({ ns, app, workflow, close }: Props) {
  useReturnFocus();
  const query = useApp(ns, app);
  const workflows = useWorkflows(ns, app);
  const { t } = useTranslation('deploy');
  const { t: common } = useTranslation();
  const [canary, setCanary] = useState(false);
  const navigate = useNavigate();
  if (canary) {
    return (
      <CanaryDialog
        ns={ns}
        app={app}
        onCancel={() => setCanary(false)}
        onOk={(request: CanaryRequest, { name }) =>
          void navigate({ pathname: paths.workflow(ns, app, name), search: new URLSearchParams({ canary: writeRequest(request) }).toString() })
        }
      />
    );
  }
  return (
    <Modal open width={720} title={t('dialog', { name: app })} onCancel={close} footer={null} closable={{ 'aria-label': common('close') }}>
      <Loaded query={query}>
        {(data) => (
          <Loaded query={workflows}>
            {(list) => <Body app={data} workflows={list} initial={workflow} close={close} onCanary={() => setCanary(true)} />}
          </Loaded>
        )}
      </Loaded>
    </Modal>
  );
}

interface BodyProps {
  app: App;
  workflows: Workflow[];
  initial: string | undefined;
  close: () => void;
  onCanary: () => void;
}

function Body({ app, workflows, initial, close, onCanary }: BodyProps) {
  const { t } = useTranslation('deploy');
  const { t: common } = useTranslation();
  const { t: problem } = useTranslation('problem');
  const navigate = useNavigate();
  const toast = useToast();
  const confirm = useConfirm();
  const draft = useDraft(app);
  const [workflow, setWorkflow] = useState(() => choose(workflows, initial, app));
  const [note, setNote] = useState('');
  const ids = { environment: useId(), note: useId(), workflows: useId() };
  const deploy = useDeploy(app, draft, (run) => {
    toast.done(t('started', { name: app.name }));
    void navigate(paths.run(app.namespace, app.name, run.id));
  });
  const start = () =>
    deploy.mutate(
      { workflow, note },
      {
        onError: (error) => {
          if (error.code !== 'release-in-progress') return;
          void confirm({ title: t('supersede.title'), content: t('supersede.text', { run: error.params.run ?? '' }), ok: t('supersede.ok'), danger: true }).then(
            (sure) => sure && deploy.mutate({ workflow, note, supersede: true }),
          );
        },
      },
    );
  const shown = deploy.error && deploy.error.code !== 'release-in-progress' ? deploy.error : null;
  const live = useOverview(app.namespace, app.name).data; // a version may have begun to run since the application was read
  const running = live ? live.status.word !== 'NotDeployed' && live.app.revision !== undefined : runs(app);
  return (
    <div className={styles.body}>
      {shown && <ProblemAlert error={shown} />}
      <div className={styles.line}>
        <div>
          <label htmlFor={ids.environment}>{t('environment')}</label>
          <Select id={ids.environment} className={styles.environment} value={app.namespace} options={[{ value: app.namespace, label: app.environment }]} />
        </div>
        <StatusOf app={app} />
      </div>
      <Changes app={app} draft={draft} />
      <div className={styles.choice}>
        <div className={styles.line}>
          <h3 id={ids.workflows}>{t('workflow')}</h3>
          {!workflows.some((w) => w.rollout === 'canary') && (
            <Button size="small" onClick={onCanary} className={styles.end}>
              {t('enableCanary')}
            </Button>
          )}
        </div>
        <WorkflowChoice app={app} workflows={workflows} value={workflow} onChange={setWorkflow} running={running} labelledBy={ids.workflows} />
        {!running && workflows.some((w) => w.rollout === 'canary') && <Alert type="info" showIcon title={problem('code.canary-needs-running-version')} />}
      </div>
      <div>
        <label htmlFor={ids.note}>
          {t('note')} <span className="muted">({common('optional')})</span>
        </label>
        <Input.TextArea id={ids.note} value={note} maxLength={1024} rows={2} placeholder={t('noteExample')} onChange={(e) => setNote(e.target.value)} />
      </div>
      <div className={styles.foot}>
        <DryRunButton ns={app.namespace} app={app.name} input={() => ({ spec: draft.spec })} />
        <Button onClick={close} className={styles.end}>
          {common('cancel')}
        </Button>
        <Button type="primary" loading={deploy.isPending} disabled={workflow === ''} onClick={start}>
          {common('deploy')}
        </Button>
      </div>
    </div>
  );
}

/** Says whether there is a version that a canary could be beside. */
function runs(app: App): boolean {
  return !app.held && app.revision !== undefined;
}

/** What is chosen at first: what the address says, else what went out last, else the first that can be used. */
function choose(workflows: Workflow[], initial: string | undefined, app: App): string {
  const usable = workflows.filter((w) => runs(app) || w.rollout !== 'canary');
  return (usable.find((w) => w.name === initial) ?? usable.find((w) => w.lastUsed) ?? usable[0])?.name ?? '';
}

function StatusOf({ app }: { app: App }) {
  const { t } = useTranslation();
  const overview = useOverview(app.namespace, app.name);
  const status = overview.data?.status ?? app.status;
  return (
    <div>
      <div className="muted">{t('status')}</div>
      <StatusWord word={status.word} percent={status.weight} />
    </div>
  );
}

function Changes({ app, draft }: { app: App; draft: DraftState }) {
  const { t } = useTranslation('deploy');
  const path = { ns: app.namespace, app: app.name };
  const first = app.revision === undefined;
  const diff = useQuery({
    queryKey: ['diff', path, 'deployed', app.revision, draft.spec],
    queryFn: async ({ signal }) =>
      dataOf(
        await api().POST('/apps/{ns}/{app}/diff', {
          params: { path },
          body: { left: { kind: 'deployed' }, right: { kind: 'draft', spec: draft.spec } },
          signal,
        }),
      ),
    enabled: !first,
    retry: (count, error) => count < 1 && !(error instanceof ProblemError),
  });
  if (first) return <p>{t('first')}</p>;
  if (!diff.data) return null;
  return (
    <section aria-label={t('changes')}>
      <h3>{t('changes')}</h3>
      {diff.data.changes.length === 0 ? <p className="muted">{t('noChanges')}</p> : <ChangeList changes={diff.data.changes} />}
      {draft.standing === 'conflict' && <Alert type="warning" showIcon role="alert" title={t('conflict')} />}
    </section>
  );
}

interface ChoiceProps {
  app: App;
  workflows: Workflow[];
  value: string;
  onChange: (name: string) => void;
  running: boolean;
  labelledBy: string;
}

function WorkflowChoice({ app, workflows, value, onChange, running, labelledBy }: ChoiceProps) {
  const { t } = useTranslation('deploy');
  const nameOf = useWorkflowName(app.environment);
  return (
    <Radio.Group aria-labelledby={labelledBy} className={styles.workflows} value={value} onChange={(e) => onChange(e.target.value as string)}>
      {workflows.map((w) => (
        <Radio key={w.name} value={w.name} autoFocus={w.name === value} disabled={w.rollout === 'canary' && !running} className={styles.workflow}>
          <span className={styles.workflowText}>
            <b>{nameOf(w)}</b> <RolloutTag rollout={w.rollout} />
            {w.lastUsed && <span className="muted">{t('lastUsed')}</span>}
          </span>
        </Radio>
      ))}
    </Radio.Group>
  );
}
