// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Alert, Button, Drawer, Select } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate, useNavigate, useOutletContext, useParams } from 'react-router';

import type { Component as AppComponent, Definition, DefinitionSummary } from '@/api/schema.gen';
import { paths } from '@/app/paths';
import { useReturnFocus } from '@/app/useReturnFocus';
import { DrawerFoot } from '@/components/DrawerFoot';
import { Loaded } from '@/components/Loading';
import { useToast } from '@/components/useToast';
import { withComponent, withoutTrait, withTrait } from '@/features/app/draft';
import { inWords, useDefinition, useDefinitions } from '@/forms/definitions';
import { editingOf, errorsIn, PropertiesEditor, valueOf } from '@/forms/PropertiesEditor';
import type { FormError } from '@/forms/validate';

import type { ConfigContext } from './ConfigPage';
import styles from './ConfigPage.module.css';

/** Adds a trait to a component, or edits the one that is there: the same way in for both, so that it is never a dead end. */
export function Component() {
  const context = useOutletContext<ConfigContext>();
  const { app, draft } = context;
  const { component: name = '', trait: fixed } = useParams();
  const { t, i18n } = useTranslation('config');
  const { t: common } = useTranslation();
  useReturnFocus();
  const navigate = useNavigate();
  const [chosen, setChosen] = useState(fixed ?? '');
  const field = useId();
  const home = paths.config(app.namespace, app.name);
  const component = draft.spec.components.find((c) => c.name === name);
  const types = useDefinitions('trait');
  const components = useDefinitions('component');
  const definition = useDefinition('trait', chosen);
  if (!component) return <Navigate to={home} replace />;
  const close = () => void navigate(home);
  const workloads = components.data?.find((d) => d.name === component.type)?.workloads;
  return (
    <Drawer open size={760} title={fixed ? t('editTrait', { type: fixed, name }) : t('addTrait')} onClose={close} closable={{ 'aria-label': common('close') }}>
      <div className={styles.body}>
        {!fixed && (
          <div>
            <label htmlFor={field}>{t('traitType')}</label>
            <Loaded query={types} rows={1}>
              {(list) => (
                <Select
                  id={field}
                  autoFocus
                  showSearch
                  style={{ width: '100%' }}
                  value={chosen || undefined}
                  placeholder={t('traitChoose')}
                  onChange={setChosen}
                  options={fitting(list, workloads).map((d) => ({ value: d.name, label: `${d.name} · ${inWords(d.title, i18n.language)}` }))}
                />
              )}
            </Loaded>
          </div>
        )}
        {chosen !== '' && (
          <Loaded query={definition}>{(d) => <Editor key={chosen} definition={d} component={component} adding={!fixed} close={close} context={context} />}</Loaded>
        )}
      </div>
    </Drawer>
  );
}

/** The traits that apply to what a component makes. */
function fitting(types: DefinitionSummary[], workloads: string[] | undefined): DefinitionSummary[] {
  if (!workloads?.length) return types;
  return types.filter((d) => !d.workloads?.length || d.workloads.includes('*') || d.workloads.some((w) => workloads.includes(w)));
}

interface Props {
  definition: Definition;
  component: AppComponent;
  adding: boolean;
  close: () => void;
  context: ConfigContext;
}

function Editor({ definition, component, adding, close, context: { draft } }: Props) {
  const { t, i18n } = useTranslation('config');
  const { t: common } = useTranslation();
  const toast = useToast();
  const type = definition.name;
  const there = component.traits?.find((trait) => trait.type === type);
  const [editing, setEditing] = useState(() => editingOf(there?.properties ?? definition.example ?? {}));
  const [errors, setErrors] = useState<FormError[]>([]);
  const put = () => {
    const found = errorsIn(definition, editing);
    setErrors(found);
    const properties = valueOf(editing);
    if (found.length > 0 || !properties) return;
    draft.change(withComponent(draft.spec, component.name, (c) => withTrait(c, { ...there, type, properties })));
    toast.done(there ? t('traitUpdated') : t('traitAdded'));
    close();
  };
  const remove = () => {
    draft.change(withComponent(draft.spec, component.name, (c) => withoutTrait(c, type)));
    toast.done(t('traitRemoved'));
    close();
  };
  return (
    <>
      <p className="muted">{inWords(definition.summary, i18n.language)}</p>
      {there && adding && <Alert type="info" showIcon role="status" title={t('traitThere', { type })} />}
      <PropertiesEditor
        definition={definition}
        editing={editing}
        onChange={(next) => {
          setEditing(next);
          if (errors.length > 0) setErrors(errorsIn(definition, next));
        }}
        errors={errors}
        name={type}
        prefix="trait"
      />
      <DrawerFoot
        start={
          there && (
            <Button danger onClick={remove}>
              {common('remove')}
            </Button>
          )
        }
      >
        <Button onClick={close}>{common('cancel')}</Button>
        <Button type="primary" onClick={put}>
          {there ? common('update') : common('create')}
        </Button>
      </DrawerFoot>
    </>
  );
}
