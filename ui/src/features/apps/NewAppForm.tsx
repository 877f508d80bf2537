// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Button, Form, Input, Select, Steps } from 'antd';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { fieldErrorsOf } from '@/api/problem';
import type { Definition, DefinitionSummary, Environment } from '@/api/schema.gen';
import { DrawerFoot } from '@/components/DrawerFoot';
import { DryRunButton } from '@/components/DryRun';
import { Loaded } from '@/components/Loading';
import { ProblemAlert } from '@/components/Problem';
import { inWords, useDefinition, useDefinitions } from '@/forms/definitions';
import { editingOf, errorsIn, PropertiesEditor, valueOf, type Editing } from '@/forms/PropertiesEditor';
import type { FormError } from '@/forms/validate';

import styles from './NewApp.module.css';
import { appOf, namePattern, sortErrors, type Basic } from './newApp';
import { useEnvironments } from './queries';
import { useCreateApp } from './useCreateApp';

interface Props {
  onCreated: (ns: string, app: string) => void;
  cancel: ReactNode;
}

/** The two steps: what it is called and where it goes, then the properties of its main component. */
export function NewAppForm({ onCreated, cancel }: Props) {
  const { t } = useTranslation('apps');
  const [basic, setBasic] = useState<Basic | null>(null);
  const [step, setStep] = useState(0);
  const environments = useEnvironments();
  const types = useDefinitions('component');
  return (
    <div className={styles.body}>
      <Steps size="small" current={step} items={[{ title: t('create.basic') }, { title: t('create.properties') }]} />
      <Loaded query={environments}>
        {(envs) => (
          <Loaded query={types}>
            {(list) =>
              step === 0 || basic === null ? (
                <BasicStep
                  environments={envs}
                  types={list}
                  initial={basic}
                  cancel={cancel}
                  onNext={(values) => {
                    setBasic(values);
                    setStep(1);
                  }}
                />
              ) : (
                <PropertiesStep key={basic.type} basic={basic} onBack={() => setStep(0)} onCreated={onCreated} cancel={cancel} />
              )
            }
          </Loaded>
        )}
      </Loaded>
    </div>
  );
}

interface BasicProps {
  environments: Environment[];
  types: DefinitionSummary[];
  initial: Basic | null;
  onNext: (basic: Basic) => void;
  cancel: ReactNode;
}

function BasicStep({ environments, types, initial, onNext, cancel }: BasicProps) {
  const { t, i18n } = useTranslation('apps');
  const { t: common } = useTranslation();
  const open = environments.filter((e) => e.canCreate);
  const home = open.find((e) => e.namespace === 'default') ?? open[0];
  const required = (field: string) => ({ required: true, message: t('create.required', { field }) });
  const start: Partial<Basic> = initial ?? {
    project: home?.project,
    namespace: home?.namespace,
    type: types.some((d) => d.name === 'webservice') ? 'webservice' : types[0]?.name,
  };
  return (
    <Form<Basic> layout="vertical" requiredMark={starred} initialValues={start} onFinish={onNext} scrollToFirstError={{ focus: true }}>
      {open.length === 0 && <p role="alert">{t('create.nowhere')}</p>}
      <Form.Item
        name="name"
        label={common('name')}
        extra={t('create.nameHelp')}
        validateFirst
        rules={[required(common('name')), { max: 63, message: t('create.nameLong') }, { pattern: namePattern, message: t('create.namePattern') }]}
      >
        <Input autoFocus autoComplete="off" spellCheck={false} />
      </Form.Item>
      <div className={styles.pair}>
        <Form.Item name="alias" label={t('create.alias')} rules={[{ max: 64, message: t('create.aliasLong') }]}>
          <Input autoComplete="off" />
        </Form.Item>
        <Form.Item name="description" label={t('create.description')} rules={[{ max: 256, message: t('create.descriptionLong') }]}>
          <Input autoComplete="off" />
        </Form.Item>
      </div>
      <Form.Item name="project" label={t('create.project')} rules={[required(t('create.project'))]}>
        <Select options={[...new Set(open.map((e) => e.project))].map((p) => ({ value: p, label: p }))} />
      </Form.Item>
      <Form.Item name="type" label={t('create.type')} rules={[required(t('create.type'))]}>
        <Select
          showSearch
          optionFilterProp="search"
          options={types.map((d) => ({ value: d.name, label: `${d.name} · ${inWords(d.summary, i18n.language)}`, search: `${d.name} ${inWords(d.title, i18n.language)}` }))}
        />
      </Form.Item>
      <Form.Item name="namespace" label={t('create.environments')} extra={t('create.environmentsHelp')} rules={[required(t('create.environments'))]}>
        <Select options={open.map((e) => ({ value: e.namespace, label: e.name === e.namespace ? e.name : `${e.name} (${e.namespace})` }))} />
      </Form.Item>
      <DrawerFoot>
        {cancel}
        <Button type="primary" htmlType="submit" disabled={open.length === 0}>
          {common('next')}
        </Button>
      </DrawerFoot>
    </Form>
  );
}

/** Marks what is required as the forms of properties do: behind its name, which stays what it is. */
function starred(label: ReactNode, { required }: { required: boolean }) {
  return required ? <span className={styles.required}>{label}</span> : label;
}

interface PropertiesProps {
  basic: Basic;
  onBack: () => void;
  onCreated: (ns: string, app: string) => void;
  cancel: ReactNode;
}

function PropertiesStep({ basic, ...rest }: PropertiesProps) {
  const definition = useDefinition('component', basic.type);
  return <Loaded query={definition}>{(d) => <PropertiesStepOf definition={d} basic={basic} {...rest} />}</Loaded>;
}

function PropertiesStepOf({ definition, basic, onBack, onCreated, cancel }: PropertiesProps & { definition: Definition }) {
  const { t } = useTranslation('apps');
  const { t: common } = useTranslation();
  const [editing, setEditing] = useState<Editing>(() => editingOf(definition.example ?? {}));
  const [errors, setErrors] = useState<FormError[]>([]);
  const create = useCreateApp(onCreated);
  const refused = sortErrors(fieldErrorsOf(create.error));
  const value = valueOf(editing);

  /** The application, or undefined where the form has errors, which are then shown. */
  const checked = () => {
    const found = errorsIn(definition, editing);
    setErrors(found);
    return found.length > 0 || value === undefined ? undefined : appOf(basic, value);
  };
  return (
    <div className={styles.body}>
      <h2>{t('create.propertiesOf', { name: basic.name, type: basic.type })}</h2>
      {create.error && (refused.properties.length === 0 || refused.others.length > 0) && <ProblemAlert error={create.error} />}
      <PropertiesEditor
        definition={definition}
        editing={editing}
        onChange={(next) => {
          setEditing(next);
          if (errors.length > 0) setErrors(errorsIn(definition, next));
        }}
        errors={errors.length > 0 ? errors : refused.properties}
        name={basic.name}
        prefix="new"
      />
      <DrawerFoot>
        {cancel}
        <Button onClick={onBack}>{common('previous')}</Button>
        <DryRunButton ns={basic.namespace} app={basic.name} input={() => ({ spec: checked()?.spec })} />
        <Button
          type="primary"
          loading={create.isPending}
          onClick={() => {
            const body = checked();
            if (body) create.mutate(body);
          }}
        >
          {common('create')}
        </Button>
      </DrawerFoot>
    </div>
  );
}
