// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Button } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate } from 'react-router';

import type { Workflow } from '@/api/schema.gen';
import { Page } from '@/app/Page';
import { paths } from '@/app/paths';
import { useAppParams } from '@/app/useAppParams';
import { useNow } from '@/app/useNow';
import { DataTable, type Column } from '@/components/DataTable';
import { Loaded } from '@/components/Loading';
import { useApp, useWorkflows } from '@/features/app/queries';
import { useFormat } from '@/i18n/format';

import { writeRequest } from './canary';
import { CanaryDialog } from './CanaryDialog';
import { useWorkflowName } from './names';
import { RolloutTag } from './RolloutTag';

/** The ways in which an application can go out. */
export function Component() {
  const { ns, app } = useAppParams();
  const { t } = useTranslation('studio');
  const { t: deploy } = useTranslation('deploy');
  const navigate = useNavigate();
  const workflows = useWorkflows(ns, app);
  const columns = useColumns(ns, app);
  const [asking, setAsking] = useState(false);
  return (
    <Page title={t('list')} windowTitle={`${t('list')} · ${app}`} actions={<Button onClick={() => setAsking(true)}>{deploy('enableCanary')}</Button>}>
      <Loaded query={workflows}>
        {(list) => <DataTable label={t('list')} columns={columns} rows={list} rowKey={(w) => w.name} empty={t('none')} />}
      </Loaded>
      {asking && (
        <CanaryDialog
          ns={ns}
          app={app}
          onCancel={() => setAsking(false)}
          onOk={(request, { name }) =>
            void navigate({ pathname: paths.workflow(ns, app, name), search: new URLSearchParams({ canary: writeRequest(request) }).toString() })
          }
        />
      )}
    </Page>
  );
}

function useColumns(ns: string, app: string): Column<Workflow>[] {
  const { t } = useTranslation('studio');
  const { t: common } = useTranslation();
  const { t: deploy } = useTranslation('deploy');
  const format = useFormat();
  const now = useNow();
  const environment = useApp(ns, app).data?.environment ?? ns;
  const nameOf = useWorkflowName(environment);
  return [
    {
      key: 'name',
      header: common('name'),
      rowHeader: true,
      sort: (w) => nameOf(w),
      cell: (w) => (
        <span>
          <Link to={paths.workflow(ns, app, w.name)}>
            <b>{nameOf(w)}</b>
          </Link>{' '}
          <span className="muted">{w.name}</span>
        </span>
      ),
    },
    { key: 'rollout', header: t('kind'), cell: (w) => <RolloutTag rollout={w.rollout} /> },
    { key: 'steps', header: t('steps'), align: 'end', sort: (w) => w.steps.length, cell: (w) => w.steps.length },
    {
      key: 'updated',
      header: common('updated'),
      cell: (w) =>
        w.updatedAt ? (
          <time dateTime={w.updatedAt} title={format.dateTime(w.updatedAt)}>
            {format.ago(w.updatedAt, now)}
          </time>
        ) : (
          <span className="muted">{w.kind === 'saved' ? '' : t('builtIn')}</span>
        ),
    },
    { key: 'used', header: common('status'), cell: (w) => (w.lastUsed ? deploy('lastUsed') : '') },
  ];
}
