// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useParams, useSearchParams } from 'react-router';

import type { WorkflowMode, WorkflowStep } from '@/api/schema.gen';
import { Page } from '@/app/Page';
import { useAppParams } from '@/app/useAppParams';
import { Loaded } from '@/components/Loading';
import { useApp } from '@/features/app/queries';

import { named, readRequest, useCanary } from './canary';
import { useWorkflowName } from './names';
import { useWorkflow } from './queries';
import { Studio } from './Studio';

/** What is edited: what is saved of it, and what the editor begins with. */
export interface Subject {
  name: string;
  alias: string;
  mode?: WorkflowMode;
  steps: WorkflowStep[];
  /** Of the saved one; undefined for one that is not saved yet. */
  resourceVersion?: string;
  /** Made by the server; to be saved under another name. */
  builtIn: boolean;
  /** Is not saved yet, so that it can be saved as it is. */
  fresh: boolean;
}

/** The editor of one workflow; with ?canary= of one that a setting makes and that is not saved yet. */
export function Component() {
  const { ns, app } = useAppParams();
  const { workflow = '' } = useParams();
  const [search] = useSearchParams();
  const request = readRequest(search.get('canary'));
  const { t } = useTranslation('studio');
  const environment = useApp(ns, app).data?.environment ?? ns;
  const nameOf = useWorkflowName(environment);
  const canary = useCanary(ns, app, request);
  const words = {
    batch: (n: number) => t('canary.batchN', { n }),
    approval: (n: number) => t('canary.approveN', { n }),
    prepare: t('canary.prepareRow'),
  };
  const saved = useWorkflow(ns, app, request ? null : workflow);
  if (request) {
    return (
      <Frame name={workflow}>
        <Loaded query={canary}>
          {(c) => (
            <Studio
              key={JSON.stringify(request)}
              ns={ns}
              app={app}
              subject={{ name: workflow, alias: t('canaryAlias', { env: environment }), mode: c.mode, steps: named(c.steps, words), builtIn: false, fresh: true }}
            />
          )}
        </Loaded>
      </Frame>
    );
  }
  return (
    <Frame name={workflow}>
      <Loaded query={saved}>
        {(w) => (
          <Studio
            key={w.resourceVersion ?? w.name}
            ns={ns}
            app={app}
            subject={{
              name: w.name,
              alias: nameOf(w),
              mode: w.mode,
              steps: w.steps,
              resourceVersion: w.resourceVersion,
              builtIn: w.kind !== 'saved',
              fresh: false,
            }}
          />
        )}
      </Loaded>
    </Frame>
  );
}

function Frame({ name, children }: { name: string; children: ReactNode }) {
  const { t } = useTranslation('studio');
  return (
    <Page title={t('title')} windowTitle={`${t('title')} · ${name}`}>
      {children}
    </Page>
  );
}
