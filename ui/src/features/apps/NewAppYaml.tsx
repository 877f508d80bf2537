// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useMutation } from '@tanstack/react-query';
import { Button } from 'antd';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { api, dataOf } from '@/api/client';
import type { FieldError } from '@/api/schema.gen';
import { DrawerFoot } from '@/components/DrawerFoot';
import { DryRunButton } from '@/components/DryRun';
import { ProblemAlert } from '@/components/Problem';
import { YamlEditor } from '@/forms/YamlEditor';

import styles from './NewApp.module.css';
import { exampleYaml, identityOf } from './newApp';
import { useCreateApp } from './useCreateApp';

/** A whole Application as text; the server says what is wrong with it. */
export function NewAppYaml({ onCreated, cancel }: { onCreated: (ns: string, app: string) => void; cancel: ReactNode }) {
  const { t } = useTranslation('apps');
  const { t: common } = useTranslation();
  const [text, setText] = useState(exampleYaml);
  const [errors, setErrors] = useState<FieldError[]>([]);
  const create = useCreateApp(onCreated);
  const identity = identityOf(text);
  const check = useMutation({
    mutationFn: async ({ ns, app }: { ns: string; app: string }) =>
      dataOf(await api().POST('/apps/{ns}/{app}/validate', { params: { path: { ns, app } }, body: { yaml: text } })),
    onSuccess: (found, { ns, app }) => {
      setErrors(found.fieldErrors);
      if (found.valid && found.spec) create.mutate({ namespace: ns, name: app, spec: found.spec });
    },
  });
  const failure = create.error ?? check.error;
  return (
    <div className={styles.body}>
      <p>{t('create.yamlHelp')}</p>
      {failure && <ProblemAlert error={failure} />}
      <YamlEditor
        text={text}
        onChange={(next) => {
          setText(next);
          setErrors([]);
        }}
        name={t('create.application')}
        errors={errors}
        label={(pointer) => pointer}
        minHeight={360}
      />
      {!identity && <p role="status">{t('create.yamlName')}</p>}
      <DrawerFoot>
        {cancel}
        {identity && <DryRunButton ns={identity.namespace} app={identity.name} input={() => ({ yaml: text })} />}
        <Button
          type="primary"
          disabled={!identity}
          loading={check.isPending || create.isPending}
          onClick={() => identity && check.mutate({ ns: identity.namespace, app: identity.name })}
        >
          {common('create')}
        </Button>
      </DrawerFoot>
    </div>
  );
}
