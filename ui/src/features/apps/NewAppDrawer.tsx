// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Button, Drawer, Segmented } from 'antd';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';

import { usePageTitle } from '@/app/Page';
import { paths } from '@/app/paths';
import { useReturnFocus } from '@/app/useReturnFocus';
import { Loading } from '@/components/Loading';

import { NewAppForm } from './NewAppForm';

const NewAppYaml = lazy(async () => ({ default: (await import('./NewAppYaml')).NewAppYaml }));

/** A new application, from a form in two steps or from YAML. */
export function Component() {
  const { t } = useTranslation('apps');
  const { t: common } = useTranslation();
  const navigate = useNavigate();
  useReturnFocus();
  const [mode, setMode] = useState<'form' | 'yaml'>('form');
  usePageTitle(t('new'));
  const close = () => void navigate(paths.apps);
  const created = (ns: string, app: string) => void navigate(paths.config(ns, app));
  return (
    <Drawer
      open
      size={800}
      title={t('new')}
      onClose={close}
      closable={{ 'aria-label': common('close') }}
      extra={
        <Segmented
          value={mode}
          onChange={setMode}
          aria-label={t('create.mode')}
          options={[
            { value: 'form', label: t('create.fromForm') },
            { value: 'yaml', label: t('create.fromYaml') },
          ]}
        />
      }
    >
      {mode === 'form' ? (
        <NewAppForm onCreated={created} cancel={<Button onClick={close}>{common('cancel')}</Button>} />
      ) : (
        <Suspense fallback={<Loading />}>
          <NewAppYaml onCreated={created} cancel={<Button onClick={close}>{common('cancel')}</Button>} />
        </Suspense>
      )}
    </Drawer>
  );
}
