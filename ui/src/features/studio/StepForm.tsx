// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Input } from 'antd';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';

import type { WorkflowStep } from '@/api/schema.gen';
import { Loaded } from '@/components/Loading';
import { inWords, useDefinition } from '@/forms/definitions';
import { errorsBelow, errorText } from '@/forms/errors';
import { PropertiesForm } from '@/forms/PropertiesForm';
import { pruned } from '@/forms/uiSchema';
import { validate, type FormError } from '@/forms/validate';

import styles from './studio.module.css';

interface Props {
  step: WorkflowStep;
  /** By JSON pointer into the step. */
  errors: FormError[];
  onChange: (step: WorkflowStep) => void;
}

/** The name, the alias and the properties of one step. */
export function StepForm({ step, errors, onChange }: Props) {
  const { t, i18n } = useTranslation('studio');
  const { t: forms } = useTranslation('forms');
  const { t: common } = useTranslation();
  const definition = useDefinition('workflow-step', step.type);
  const ids = { name: useId(), alias: useId(), wrong: useId() };
  const wrong = errors.find((e) => e.path === '/name');
  return (
    <div className={styles.body}>
      <div className={styles.names}>
        <div>
          <label htmlFor={ids.name}>{common('name')}</label>
          <Input
            id={ids.name}
            value={step.name}
            spellCheck={false}
            status={wrong ? 'error' : undefined}
            aria-invalid={wrong ? true : undefined}
            aria-describedby={wrong ? ids.wrong : undefined}
            onChange={(e) => onChange({ ...step, name: e.target.value })}
          />
          {wrong && (
            <div id={ids.wrong} className={styles.fieldError}>
              {errorText(forms, wrong, common('name'))}
            </div>
          )}
        </div>
        <div>
          <label htmlFor={ids.alias}>{t('alias')}</label>
          <Input id={ids.alias} value={step.meta?.alias ?? ''} onChange={(e) => onChange({ ...step, meta: e.target.value === '' ? undefined : { alias: e.target.value } })} />
        </div>
      </div>
      <Loaded query={definition} rows={2}>
        {(d) => (
          <>
            <p className="muted">{inWords(d.summary, i18n.language)}</p>
            <PropertiesForm
              definition={d}
              value={step.properties ?? {}}
              errors={merged(errorsBelow(errors, '/properties'), validate(d.jsonSchema, pruned(step.properties ?? {})))}
              prefix="step"
              onChange={(properties) => onChange({ ...step, properties })}
            />
          </>
        )}
      </Loaded>
    </div>
  );
}

/** One error for each field, the first one wins. */
function merged(...lists: FormError[][]): FormError[] {
  const byPath = new Map<string, FormError>();
  for (const error of lists.flat()) if (!byPath.has(error.path)) byPath.set(error.path, error);
  return [...byPath.values()];
}
