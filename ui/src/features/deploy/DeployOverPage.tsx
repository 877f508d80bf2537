// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { lazy, Suspense } from 'react';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { useLocation, useNavigate, useSearchParams } from 'react-router';

import { Explained } from '@/components/Explained';
import { LinkButton } from '@/components/LinkButton';
import { checks, useAccess } from '@/session/access';

import { deploySearch, wantsDeploy, withoutDeploy } from './address';

const DeployDialog = lazy(async () => ({ default: (await import('./DeployDialog')).DeployDialog }));

/** Opens the dialog over the page where one is; the browser's back button closes it again. */
export function DeployButton({ ns, app }: { ns: string; app: string }) {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const [search] = useSearchParams();
  const [may] = useAccess([checks.updateApp(ns, app)]);
  if (may?.allowed === false) {
    return (
      <Explained why={may.why}>
        <Button type="primary" disabled>
          {t('deploy')}
        </Button>
      </Explained>
    );
  }
  return (
    <LinkButton type="primary" to={{ pathname, search: deploySearch(search) }} state={{ opened: true }}>
      {t('deploy')}
    </LinkButton>
  );
}

/** The dialog, where the address asks for it. */
export function DeployOverPage({ ns, app }: { ns: string; app: string }) {
  const [search, setSearch] = useSearchParams();
  const navigate = useNavigate();
  const { state } = useLocation();
  if (!wantsDeploy(search)) return null;
  const close = () => {
    if ((state as { opened?: boolean } | null)?.opened) void navigate(-1);
    else setSearch(withoutDeploy(search), { replace: true });
  };
  return (
    <Suspense fallback={null}>
      <DeployDialog ns={ns} app={app} workflow={search.get('workflow') ?? undefined} close={close} />
    </Suspense>
  );
}
