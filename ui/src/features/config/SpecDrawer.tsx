// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useMutation } from '@tanstack/react-query';
import { Button, Drawer } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useOutletContext } from 'react-router';

import { api, dataOf } from '@/api/client';
import type { FieldError } from '@/api/schema.gen';
import { paths } from '@/app/paths';
import { useReturnFocus } from '@/app/useReturnFocus';
import { DrawerFoot } from '@/components/DrawerFoot';
import { ProblemAlert } from '@/components/Problem';
import { useToast } from '@/components/useToast';
import { toYaml } from '@/forms/yaml';
import { YamlEditor } from '@/forms/YamlEditor';

import type { ConfigContext } from './ConfigPage';
import styles from './ConfigPage.module.css';

/** The whole specification as text; the server checks it before it becomes the draft. */
export function Component() {
  const { app, draft } = useOutletContext<ConfigContext>();
  const { t } = useTranslation('config');
  const { t: common } = useTranslation();
  const navigate = useNavigate();
  const toast = useToast();
  useReturnFocus();
  const [text, setText] = useState(() => toYaml(draft.spec));
  const [errors, setErrors] = useState<FieldError[]>([]);
  const close = () => void navigate(paths.config(app.namespace, app.name));
  const check = useMutation({
    mutationFn: async () =>
      dataOf(
        await api().POST('/apps/{ns}/{app}/validate', { params: { path: { ns: app.namespace, app: app.name } }, body: { yaml: text } }),
      ),
    onSuccess: (found) => {
      // The text is the specification itself; the server's paths begin at the Application.
      setErrors(found.fieldErrors.map((e) => ({ ...e, path: e.path.replace(/^\/spec(?=\/)/, '') })));
      if (!found.valid || !found.spec) return;
      draft.change(found.spec);
      toast.done(t('updated'));
      close();
    },
  });
  return (
    <Drawer open size={860} title={t('editYaml')} onClose={close} closable={{ 'aria-label': common('close') }}>
      <div className={styles.body}>
        <p className="muted">{t('yamlHelp')}</p>
        {check.error && <ProblemAlert error={check.error} />}
        <YamlEditor
          text={text}
          onChange={(next) => {
            setText(next);
            setErrors([]);
          }}
          name={app.name}
          errors={errors}
          label={(pointer) => pointer}
          minHeight={420}
        />
        <DrawerFoot>
          <Button onClick={close}>{common('cancel')}</Button>
          <Button type="primary" loading={check.isPending} onClick={() => check.mutate()}>
            {common('update')}
          </Button>
        </DrawerFoot>
      </div>
    </Drawer>
  );
}
