// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useMutation } from '@tanstack/react-query';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';

import { api } from '@/api/client';
import type { App } from '@/api/schema.gen';
import { paths } from '@/app/paths';
import { DryRunButton } from '@/components/DryRun';
import { Explained } from '@/components/Explained';
import { LinkButton } from '@/components/LinkButton';
import { useConfirm } from '@/components/useConfirm';
import { useToast } from '@/components/useToast';
import type { DraftState } from '@/features/app/useDraft';
import { checks, useAccess } from '@/session/access';

import { specPath } from './config';

/** What can be done with the whole application. */
export function Manage({ app, draft }: { app: App; draft: DraftState }) {
  const { t } = useTranslation('config');
  const { t: common } = useTranslation();
  const confirm = useConfirm();
  const toast = useToast();
  const navigate = useNavigate();
  const path = { ns: app.namespace, app: app.name };
  const [mayDelete] = useAccess([checks.deleteApp(app.namespace, app.name)]);
  const remove = useMutation({
    mutationFn: async () => {
      await api().DELETE('/apps/{ns}/{app}', { params: { path } });
    },
    onSuccess: () => {
      draft.discard();
      toast.done(t('delete.done', { name: app.name }));
      void navigate(paths.apps);
    },
    onError: toast.failed,
  });
  const ask = async () => {
    const sure = await confirm({ title: t('delete.title', { name: app.name }), content: t('delete.text'), ok: t('delete.ok'), danger: true });
    if (sure) remove.mutate();
  };
  return (
    <>
      <LinkButton to={specPath(app.namespace, app.name)}>{t('editYaml')}</LinkButton>
      <DryRunButton ns={app.namespace} app={app.name} input={() => ({ spec: draft.spec })} />
      <Explained why={mayDelete?.why}>
        <Button danger disabled={mayDelete?.allowed === false} loading={remove.isPending} onClick={() => void ask()}>
          {common('remove')}
        </Button>
      </Explained>
    </>
  );
}
