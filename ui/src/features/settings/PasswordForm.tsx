// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useMutation } from '@tanstack/react-query';
import { Button, Input } from 'antd';
import { useId, useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '@/api/client';
import { fieldErrorsOf, fieldText } from '@/api/problem';
import type { PasswordChange } from '@/api/schema.gen';
import { ProblemAlert } from '@/components/Problem';
import { useToast } from '@/components/useToast';

import styles from './SettingsPage.module.css';

/** Changes the password of one's own account; sessions elsewhere end by it. */
export function PasswordForm() {
  const { t } = useTranslation('system');
  const { t: problem, i18n } = useTranslation('problem');
  const toast = useToast();
  const [password, setPassword] = useState('');
  const [newPassword, setNewPassword] = useState('');
  const change = useMutation({
    mutationFn: async (body: PasswordChange) => {
      await api().POST('/auth/password', { body });
    },
    onSuccess: () => {
      setPassword('');
      setNewPassword('');
      toast.done(t('settings.changed'));
    },
  });
  const id = useId();
  const errors = fieldErrorsOf(change.error).filter((e) => e.path === '/newPassword');
  const submit = (e: SyntheticEvent) => {
    e.preventDefault();
    change.mutate({ password, newPassword });
  };
  return (
    <form onSubmit={submit} className={styles.form}>
      {change.error && errors.length === 0 && <ProblemAlert error={change.error} />}
      <div className={styles.field}>
        <label htmlFor={`${id}o`}>{t('settings.present')}</label>
        <Input.Password id={`${id}o`} autoComplete="current-password" value={password} required onChange={(e) => setPassword(e.target.value)} />
      </div>
      <div className={styles.field}>
        <label htmlFor={`${id}n`}>{t('settings.new')}</label>
        <Input.Password
          id={`${id}n`}
          autoComplete="new-password"
          value={newPassword}
          required
          aria-invalid={errors.length > 0}
          aria-describedby={`${id}h`}
          onChange={(e) => setNewPassword(e.target.value)}
        />
        <p id={`${id}h`} className={errors.length > 0 ? styles.error : 'muted'}>
          {errors.length > 0 ? errors.map((e) => fieldText(problem, i18n.language, e)).join(' ') : t('settings.rule')}
        </p>
      </div>
      <div>
        <Button htmlType="submit" loading={change.isPending}>
          {t('settings.change')}
        </Button>
      </div>
    </form>
  );
}
