// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Segmented } from 'antd';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { Definition } from '@/api/schema.gen';
import { Loading } from '@/components/Loading';

import { labelOf } from './definitions';
import { ErrorSummary, fieldId } from './ErrorSummary';
import styles from './forms.module.css';
import { PropertiesForm, type Properties } from './PropertiesForm';
import { pruned } from './uiSchema';
import { validate, type FormError } from './validate';
import { parseYaml, toYaml } from './yaml';

const YamlEditor = lazy(async () => ({ default: (await import('./YamlEditor')).YamlEditor }));

/** The properties being edited, as a form or as text; text that is not right YAML is kept as it is. */
export interface Editing {
  mode: 'form' | 'yaml';
  value: Properties;
  text: string;
}

export function editingOf(value: Properties): Editing {
  return { mode: 'form', value, text: toYaml(value) };
}

/** The value of what is being edited, without what says nothing; undefined while the text is no mapping. */
export function valueOf(editing: Editing): Properties | undefined {
  if (editing.mode === 'form') return pruned(editing.value) as Properties;
  const { data } = parseYaml(editing.text);
  if (data === null || (data === undefined && editing.text.trim() === '')) return {};
  return typeof data === 'object' && !Array.isArray(data) ? (data as Properties) : undefined;
}

/** What the definition's schema finds wrong. */
export function errorsIn(definition: Definition, editing: Editing): FormError[] {
  const value = valueOf(editing);
  return value === undefined ? [{ path: '', code: 'wrong-type' }] : validate(definition.jsonSchema, value);
}

interface Props {
  definition: Definition;
  editing: Editing;
  onChange: (editing: Editing) => void;
  /** What is to be shown as wrong; the YAML view checks by itself besides. */
  errors: FormError[];
  name: string;
  prefix: string;
}

/** Edits properties as a form or as YAML; both show the same value. */
export function PropertiesEditor({ definition, editing, onChange, errors, name, prefix }: Props) {
  const { t, i18n } = useTranslation('forms');
  const [stuck, setStuck] = useState(false);
  const label = (pointer: string) => labelOf(definition, i18n.language, pointer);
  const turn = (mode: Editing['mode']) => {
    const value = valueOf(editing);
    setStuck(value === undefined);
    if (value !== undefined) onChange({ mode, value, text: mode === 'yaml' ? toYaml(value) : editing.text });
  };
  return (
    <div className={styles.form}>
      <div className={styles.toggle}>
        <Segmented
          value={editing.mode}
          onChange={turn}
          aria-label={t('mode')}
          options={[
            { value: 'form', label: t('asForm') },
            { value: 'yaml', label: t('asYaml') },
          ]}
        />
      </div>
      {stuck && editing.mode === 'yaml' && <div role="alert">{t('yaml.fixFirst')}</div>}
      {editing.mode === 'form' ? (
        <>
          <ErrorSummary errors={errors} label={label} idOf={(pointer) => fieldId(prefix, pointer)} />
          <PropertiesForm definition={definition} value={editing.value} onChange={(value) => onChange({ ...editing, value })} errors={errors} prefix={prefix} />
        </>
      ) : (
        <Suspense fallback={<Loading />}>
          <YamlEditor
            text={editing.text}
            onChange={(text) => onChange({ ...editing, text })}
            name={name}
            schema={definition.jsonSchema}
            errors={errors.filter((e) => e.message !== undefined)}
            label={label}
          />
        </Suspense>
      )}
    </div>
  );
}
