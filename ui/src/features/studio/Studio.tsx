// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Button, Input, Segmented, Select } from 'antd';
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useBlocker, useNavigate } from 'react-router';

import { fieldErrorsOf } from '@/api/problem';
import type { WorkflowStep } from '@/api/schema.gen';
import { Panel } from '@/app/Page';
import { paths } from '@/app/paths';
import { Explained } from '@/components/Explained';
import { ProblemAlert } from '@/components/Problem';
import { useConfirm } from '@/components/useConfirm';
import { useToast } from '@/components/useToast';
import { same } from '@/features/app/draft';
import { errorsBelow } from '@/forms/errors';
import { checks, useAccess } from '@/session/access';

import { useDeleteWorkflow, useSaveWorkflow } from './queries';
import { StepForm } from './StepForm';
import { StepList } from './StepList';
import { problemsOf } from './steps';
import styles from './studio.module.css';
import type { Subject } from './StudioPage';
import { WorkflowYaml } from './WorkflowYaml';

type Edited = Pick<Subject, 'name' | 'alias' | 'mode' | 'steps'>;

/** Edits a workflow as a list or as text; nothing is saved before Save. */
export function Studio({ ns, app, subject }: { ns: string; app: string; subject: Subject }) {
  const { t } = useTranslation('studio');
  const toast = useToast();
  const navigate = useNavigate();
  const begin: Edited = { name: subject.name, alias: subject.alias, mode: subject.mode, steps: subject.steps };
  const [edited, setEdited] = useState<Edited>(begin);
  const [view, setView] = useState<'visual' | 'yaml'>('visual');
  const [textBroken, setTextBroken] = useState(false);
  const [selected, setSelected] = useState<string | null>(subject.steps[0]?.name ?? null);
  const save = useSaveWorkflow(ns, app);
  const changed = subject.fresh || !same(edited, begin);
  const refused = fieldErrorsOf(save.error);
  const errors = [...problemsOf(edited.steps), ...errorsBelow(refused, '/steps')];
  const copying = subject.builtIn && edited.name !== subject.name;
  const [mayLeave, setMayLeave] = useState(false);
  useLeaveGuard(changed && !mayLeave);

  const store = () =>
    save.mutate(
      { ...edited, resourceVersion: copying ? undefined : subject.resourceVersion },
      {
        onSuccess: (saved) => {
          setMayLeave(true);
          toast.done(t('saved'));
          window.setTimeout(() => void navigate(paths.workflow(ns, app, saved.name), { replace: true }));
        },
      },
    );
  const change = (part: Partial<Edited>) => {
    setEdited({ ...edited, ...part });
    if (save.error) save.reset();
  };
  return (
    <div className={styles.body}>
      <Head ns={ns} app={app} subject={subject} edited={edited} onChange={change}>
        <Segmented
          value={view}
          disabled={textBroken}
          onChange={setView}
          aria-label={t('view')}
          options={[
            { value: 'visual', label: t('visual') },
            { value: 'yaml', label: t('yaml') },
          ]}
        />
        {changed && <span className={styles.unsaved}>{subject.fresh ? t('notSaved') : t('unsaved')}</span>}
        <SaveButton ns={ns} saving={save.isPending} disabled={!changed || textBroken || errors.length > 0 || (subject.builtIn && !copying)} onSave={store} />
      </Head>
      {subject.builtIn && !copying && <p role="status">{t('builtInHelp')}</p>}
      {save.error && <ProblemAlert error={save.error} />}
      {view === 'yaml' ? (
        <WorkflowYaml mode={edited.mode} steps={edited.steps} errors={errors} onChange={change} onBroken={setTextBroken} name={edited.name} />
      ) : (
        <Visual edited={edited} errors={errors} selected={selected} onSelect={setSelected} onSteps={(steps) => change({ steps })} />
      )}
    </div>
  );
}

interface HeadProps {
  ns: string;
  app: string;
  subject: Subject;
  edited: Edited;
  onChange: (part: Partial<Edited>) => void;
  children: ReactNode;
}

function Head({ ns, app, subject, edited, onChange, children }: HeadProps) {
  const { t } = useTranslation('studio');
  const { t: common } = useTranslation();
  const ids = { alias: useId(), name: useId(), mode: useId() };
  const confirm = useConfirm();
  const toast = useToast();
  const navigate = useNavigate();
  const remove = useDeleteWorkflow(ns, app);
  const ask = async () => {
    if (!(await confirm({ title: t('delete.title', { name: edited.alias }), content: t('delete.text'), ok: common('remove'), danger: true }))) return;
    remove.mutate(subject.name, { onSuccess: () => void navigate(paths.workflows(ns, app)), onError: toast.failed });
  };
  return (
    <Panel label={t('head')}>
      <div className={styles.body}>
        <div className={styles.names}>
          <div>
            <label htmlFor={ids.alias}>{t('alias')}</label>
            <Input id={ids.alias} value={edited.alias} maxLength={64} onChange={(e) => onChange({ alias: e.target.value })} />
          </div>
          <div>
            <label htmlFor={ids.name}>{common('name')}</label>
            <Input id={ids.name} value={edited.name} maxLength={63} disabled={!subject.builtIn && !subject.fresh} spellCheck={false} onChange={(e) => onChange({ name: e.target.value })} />
          </div>
          <div>
            <label htmlFor={ids.mode}>{t('mode')}</label>
            <Select
              id={ids.mode}
              style={{ width: '100%' }}
              value={edited.mode?.steps ?? 'StepByStep'}
              onChange={(steps) => onChange({ mode: { ...edited.mode, steps } })}
              options={(['StepByStep', 'DAG'] as const).map((value) => ({ value, label: t(`modes.${value}`) }))}
            />
          </div>
        </div>
        <div className={styles.tools}>
          {children}
          {!subject.fresh && !subject.builtIn && (
            <Button danger loading={remove.isPending} onClick={() => void ask()}>
              {common('remove')}
            </Button>
          )}
        </div>
      </div>
    </Panel>
  );
}

function SaveButton({ ns, saving, disabled, onSave }: { ns: string; saving: boolean; disabled: boolean; onSave: () => void }) {
  const { t } = useTranslation();
  const [may] = useAccess([checks.saveWorkflow(ns)]);
  return (
    <Explained why={may?.why}>
      <Button type="primary" disabled={disabled || may?.allowed === false} loading={saving} onClick={onSave}>
        {t('save')}
      </Button>
    </Explained>
  );
}

interface VisualProps {
  edited: Edited;
  errors: ReturnType<typeof problemsOf>;
  selected: string | null;
  onSelect: (name: string | null) => void;
  onSteps: (steps: WorkflowStep[]) => void;
}

function Visual({ edited, errors, selected, onSelect, onSteps }: VisualProps) {
  const { t } = useTranslation('studio');
  const place = find(edited.steps, selected);
  return (
    <div className={styles.studio}>
      <Panel title={t('steps')}>
        <StepList steps={edited.steps} errors={errors} selected={selected} onSelect={onSelect} onChange={onSteps} />
      </Panel>
      <Panel title={place ? t('stepOf', { name: place.step.meta?.alias || place.step.name }) : t('step')}>
        {place ? (
          <StepForm
            key={place.path}
            step={place.step}
            errors={errorsBelow(errors, place.path)}
            onChange={(step) => {
              onSteps(replaced(edited.steps, place.path, step));
              if (step.name !== place.step.name) onSelect(step.name);
            }}
          />
        ) : (
          <p className="muted">{t('stepNone')}</p>
        )}
      </Panel>
    </div>
  );
}

/** Where a step stands, as a JSON pointer into the list. */
function find(steps: WorkflowStep[], name: string | null): { step: WorkflowStep; path: string } | undefined {
  for (const [i, step] of steps.entries()) {
    if (step.name === name) return { step, path: `/${i}` };
    for (const [j, sub] of (step.subSteps ?? []).entries()) {
      if (sub.name === name) return { step: sub, path: `/${i}/subSteps/${j}` };
    }
  }
  return undefined;
}

function replaced(steps: WorkflowStep[], path: string, step: WorkflowStep): WorkflowStep[] {
  const [, index, , sub] = path.split('/');
  return steps.map((s, i) => {
    if (i !== Number(index)) return s;
    return sub === undefined ? step : { ...s, subSteps: s.subSteps?.map((x, j) => (j === Number(sub) ? step : x)) };
  });
}

/** Asks before unsaved changes are left behind, by a link or by closing the window. */
function useLeaveGuard(active: boolean): void {
  const { t } = useTranslation('studio');
  const confirm = useConfirm();
  const blocker = useBlocker(({ currentLocation, nextLocation }) => active && currentLocation.pathname !== nextLocation.pathname);
  const asking = useRef(false);
  useEffect(() => {
    if (blocker.state !== 'blocked' || asking.current) return;
    asking.current = true;
    void confirm({ title: t('leave.title'), content: t('leave.text'), ok: t('leave.ok'), danger: true }).then((leave) => {
      asking.current = false;
      if (leave) blocker.proceed();
      else blocker.reset();
    });
  }, [blocker, confirm, t]);
  useEffect(() => {
    if (!active) return;
    const stay = (e: BeforeUnloadEvent) => e.preventDefault();
    window.addEventListener('beforeunload', stay);
    return () => window.removeEventListener('beforeunload', stay);
  }, [active]);
}
