// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import Form, { type IChangeEvent } from '@rjsf/core';
import type { ErrorSchema, RJSFSchema, ValidatorType } from '@rjsf/utils';
import { Switch } from 'antd';
import { useId, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { Definition } from '@/api/schema.gen';

import { MapField } from './MapField';
import { errorText } from './errors';
import styles from './forms.module.css';
import { labelOf } from './definitions';
import { parsePointer } from './pointer';
import { ArrayFieldItemTemplate, ArrayFieldTemplate, FieldTemplate, ObjectFieldTemplate } from './templates';
import { layout } from './uiSchema';
import { validate, type FormError } from './validate';
import { BaseInputTemplate, NumberWidget, SelectWidget, SwitchWidget, TextareaWidget } from './widgets';

export type Properties = Record<string, unknown>;

interface Props {
  definition: Definition;
  value: Properties;
  /** Gets the value as it is being typed: prune it before it is used. */
  onChange: (value: Properties) => void;
  /** What is wrong, by JSON pointer into the value. */
  errors: FormError[];
  disabled?: boolean;
  /** Begins the ids of the fields, so that two forms can stand on one page. */
  prefix: string;
}

const templates = { FieldTemplate, ObjectFieldTemplate, ArrayFieldTemplate, ArrayFieldItemTemplate, BaseInputTemplate };
const widgets = { updown: NumberWidget, UpDownWidget: NumberWidget, CheckboxWidget: SwitchWidget, SelectWidget, TextareaWidget };
const fields = { map: MapField };
const bare = { SubmitButton: () => null };

// The form asks it only which branch of an anyOf fits; errors come from outside, by validate.
const validator: ValidatorType = {
  validateFormData: () => ({ errors: [], errorSchema: {} }),
  isValid: (schema, data) => validate(schema, data).length === 0,
  rawValidation: () => ({ errors: [] }),
};

/** The properties of a definition as a form, made from its schema. */
export function PropertiesForm({ definition, value, onChange, errors, disabled, prefix }: Props) {
  const { t, i18n } = useTranslation('forms');
  const [all, setAll] = useState(false);
  const more = useId();
  const { schema, uiSchema, hidden } = useMemo(() => layout(definition, i18n.language, value, all), [definition, i18n.language, value, all]);
  const extraErrors = useMemo(
    () => errorTree(errors, (e) => errorText(t, e, labelOf(definition, i18n.language, e.path))),
    [errors, t, definition, i18n.language],
  );
  return (
    <div className={styles.form}>
      <Form<Properties, RJSFSchema>
        tagName="div"
        schema={schema}
        uiSchema={uiSchema}
        formData={value}
        validator={validator as ValidatorType<Properties>}
        templates={{ ...templates, ButtonTemplates: bare }}
        widgets={widgets}
        fields={fields as never}
        idPrefix={prefix}
        disabled={disabled}
        noValidate
        showErrorList={false}
        extraErrors={extraErrors}
        experimental_defaultFormStateBehavior={{ emptyObjectFields: 'skipDefaults', arrayMinItems: { populate: 'never' } }}
        onChange={({ formData }: IChangeEvent<Properties>) => onChange(formData ?? {})}
      >
        <></>
      </Form>
      {(hidden > 0 || all) && (
        <div className={styles.more}>
          <Switch id={more} checked={all} onChange={setAll} /> <label htmlFor={more}>{t('advanced')}</label>
        </div>
      )}
    </div>
  );
}

/** Errors by pointer as the tree that the form library wants. */
export function errorTree(errors: FormError[], text: (error: FormError) => string): ErrorSchema<Properties> {
  const root: Record<string, unknown> = {};
  for (const error of errors) {
    let at = root;
    for (const part of parsePointer(error.path)) at = (at[part] ??= {}) as Record<string, unknown>;
    at.__errors = [...((at.__errors as string[] | undefined) ?? []), text(error)];
  }
  return root as ErrorSchema<Properties>;
}
