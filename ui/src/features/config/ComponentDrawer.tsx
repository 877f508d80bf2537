// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Button, Drawer } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate, useNavigate, useOutletContext, useParams } from 'react-router';

import type { Component as AppComponent, Definition } from '@/api/schema.gen';
import { paths } from '@/app/paths';
import { useReturnFocus } from '@/app/useReturnFocus';
import { DrawerFoot } from '@/components/DrawerFoot';
import { Loaded } from '@/components/Loading';
import { useToast } from '@/components/useToast';
import { withComponent } from '@/features/app/draft';
import { useDefinition } from '@/forms/definitions';
import { editingOf, errorsIn, PropertiesEditor, valueOf } from '@/forms/PropertiesEditor';
import type { FormError } from '@/forms/validate';

import type { ConfigContext } from './ConfigPage';
import styles from './ConfigPage.module.css';

/** Edits the properties of one component; nothing reaches the cluster before it is deployed. */
export function Component() {
  const { app, draft } = useOutletContext<ConfigContext>();
  const { component: name = '' } = useParams();
  const { t } = useTranslation('config');
  const { t: common } = useTranslation();
  useReturnFocus();
  const navigate = useNavigate();
  const home = paths.config(app.namespace, app.name);
  const component = draft.spec.components.find((c) => c.name === name);
  const definition = useDefinition('component', component?.type ?? '');
  if (!component) return <Navigate to={home} replace />;
  const close = () => void navigate(home);
  return (
    <Drawer open size={760} title={t('editComponent', { name })} onClose={close} closable={{ 'aria-label': common('close') }}>
      <Loaded query={definition}>{(d) => <Editor definition={d} component={component} close={close} context={{ app, draft }} />}</Loaded>
    </Drawer>
  );
}

interface Props {
  definition: Definition;
  component: AppComponent;
  close: () => void;
  context: ConfigContext;
}

function Editor({ definition, component, close, context: { draft } }: Props) {
  const { t } = useTranslation('config');
  const { t: common } = useTranslation();
  const toast = useToast();
  const [editing, setEditing] = useState(() => editingOf(component.properties ?? {}));
  const [errors, setErrors] = useState<FormError[]>([]);
  const update = () => {
    const found = errorsIn(definition, editing);
    setErrors(found);
    const properties = valueOf(editing);
    if (found.length > 0 || !properties) return;
    draft.change(withComponent(draft.spec, component.name, (c) => ({ ...c, properties })));
    toast.done(t('updated'));
    close();
  };
  return (
    <div className={styles.body}>
      <p className="muted">{t('componentHelp', { type: component.type })}</p>
      <PropertiesEditor
        definition={definition}
        editing={editing}
        onChange={(next) => {
          setEditing(next);
          if (errors.length > 0) setErrors(errorsIn(definition, next));
        }}
        errors={errors}
        name={component.name}
        prefix="component"
      />
      <DrawerFoot>
        <Button onClick={close}>{common('cancel')}</Button>
        <Button type="primary" onClick={update}>
          {common('update')}
        </Button>
      </DrawerFoot>
    </div>
  );
}
