// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Button, Form, Input, Segmented } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate, useLocation, useSearchParams } from 'react-router';

import { apiBase } from '@/api/client';
import type { LoginRequest, Provider } from '@/api/schema.gen';
import { LanguageButton, ThemeMenu } from '@/app/HeaderTools';
import { usePageTitle } from '@/app/Page';
import { paths } from '@/app/paths';
import { Loaded } from '@/components/Loading';
import { ProblemAlert } from '@/components/Problem';
import { useLogin, useMe, useProviders } from '@/session/session';

import styles from './LoginPage.module.css';
import { safeNext } from './next';

/** Signs a person in by one of the ways that the server offers. */
export function Component() {
  const { t } = useTranslation('login');
  usePageTitle(t('title'));
  const me = useMe();
  const providers = useProviders();
  const [search] = useSearchParams();
  const next = safeNext(search.get('next')) ?? paths.apps;
  if (me.data) return <Navigate to={next} replace />;
  return (
    <main className={styles.page}>
      <div className={styles.tools}>
        <LanguageButton />
        <ThemeMenu />
      </div>
      <section className={styles.card}>
        <h1>{t('heading')}</h1>
        <Loaded query={providers} rows={3}>
          {(list) => <Ways providers={list} next={next} />}
        </Loaded>
      </section>
    </main>
  );
}

type FormKind = LoginRequest['kind'];

function Ways({ providers, next }: { providers: Provider[]; next: string }) {
  const { t } = useTranslation('login');
  const { state } = useLocation();
  const kinds = providers.map((p) => p.kind).filter((k): k is FormKind => k !== 'oidc');
  const [kind, setKind] = useState<FormKind>(kinds[0] ?? 'local');
  const login = useLogin();
  const failure: unknown = login.error ?? (state as { error?: unknown } | null)?.error;
  return (
    <>
      {failure !== undefined && failure !== null && <ProblemAlert error={failure} />}
      {kinds.length > 1 && (
        <Segmented block value={kind} onChange={setKind} options={kinds.map((k) => ({ value: k, label: t(k) }))} aria-label={t('title')} />
      )}
      {kinds.length > 0 && <LoginForm key={kind} kind={kind} busy={login.isPending} onSubmit={(body) => login.mutate(body)} />}
      {providers
        .filter((p) => p.kind === 'oidc')
        .map((p) => (
          <Button key={p.name} block href={`${apiBase()}/auth/oidc/start?${new URLSearchParams({ returnTo: next })}`}>
            {t('oidc', { name: p.name })}
          </Button>
        ))}
    </>
  );
}

function LoginForm({ kind, busy, onSubmit }: { kind: FormKind; busy: boolean; onSubmit: (body: LoginRequest) => void }) {
  const { t } = useTranslation('login');
  const needed = (field: string) => [{ required: true, message: t('required', { field }) }];
  return (
    <Form<LoginRequest> layout="vertical" requiredMark={false} onFinish={(values) => onSubmit({ ...values, kind })}>
      {kind === 'local' ? (
        <>
          <Form.Item name="username" label={t('username')} rules={needed(t('username'))}>
            <Input autoComplete="username" autoFocus />
          </Form.Item>
          <Form.Item name="password" label={t('password')} rules={needed(t('password'))} extra={t('first')}>
            <Input type="password" autoComplete="current-password" />
          </Form.Item>
        </>
      ) : (
        <Form.Item name="token" label={t('tokenLabel')} rules={needed(t('tokenLabel'))} extra={t('tokenHelp')}>
          <Input type="password" autoComplete="off" autoFocus />
        </Form.Item>
      )}
      <Button type="primary" htmlType="submit" block loading={busy}>
        {t('submit')}
      </Button>
    </Form>
  );
}
