// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { BaseInputTemplateProps, WidgetProps } from '@rjsf/utils';
import { Input, InputNumber, Select, Switch } from 'antd';

import { errorId, helpId } from './templates';

/** What every input says of itself to people who listen. */
function described({ id, rawErrors, schema, required }: Pick<WidgetProps, 'id' | 'rawErrors' | 'schema' | 'required'>) {
  const ids = [schema.description ? helpId(id) : '', rawErrors?.length ? errorId(id) : ''].filter(Boolean).join(' ');
  return {
    id,
    'aria-describedby': ids || undefined,
    'aria-invalid': rawErrors?.length ? true : undefined,
    'aria-required': required || undefined,
  } as const;
}

const status = (rawErrors: string[] | undefined) => (rawErrors?.length ? 'error' : undefined);

export function BaseInputTemplate(props: BaseInputTemplateProps) {
  return (
    <Input
      {...described(props)}
      value={(props.value as string | undefined) ?? ''}
      placeholder={props.placeholder}
      disabled={props.disabled || props.readonly}
      status={status(props.rawErrors)}
      autoComplete="off"
      spellCheck={false}
      onChange={(e) => props.onChange(e.target.value === '' ? undefined : e.target.value)}
      onBlur={() => props.onBlur(props.id, props.value)}
    />
  );
}

export function TextareaWidget(props: WidgetProps) {
  return (
    <Input.TextArea
      {...described(props)}
      rows={3}
      value={(props.value as string | undefined) ?? ''}
      placeholder={props.placeholder}
      disabled={props.disabled || props.readonly}
      status={status(props.rawErrors)}
      onChange={(e) => props.onChange(e.target.value === '' ? undefined : e.target.value)}
    />
  );
}

export function NumberWidget(props: WidgetProps) {
  return (
    <InputNumber<number>
      {...described(props)}
      value={(props.value as number | undefined) ?? null}
      placeholder={props.placeholder}
      precision={props.schema.type === 'integer' ? 0 : undefined}
      disabled={props.disabled || props.readonly}
      status={status(props.rawErrors)}
      onChange={(n) => props.onChange(n ?? undefined)}
    />
  );
}

export function SwitchWidget(props: WidgetProps) {
  const value = (props.value as boolean | undefined) ?? props.schema.default === true;
  return (
    <div>
      <Switch
        id={props.id}
        aria-describedby={described(props)['aria-describedby']}
        checked={value}
        disabled={props.disabled || props.readonly}
        onChange={(on) => props.onChange(on)}
      />
    </div>
  );
}

export function SelectWidget(props: WidgetProps) {
  return (
    <Select<unknown>
      {...described(props)}
      allowClear={!props.required}
      value={props.value as unknown}
      placeholder={props.placeholder}
      disabled={props.disabled || props.readonly}
      status={status(props.rawErrors)}
      options={(props.options.enumOptions ?? []).map((o) => ({ value: o.value as string, label: o.label }))}
      onChange={(value) => props.onChange(value ?? undefined)}
    />
  );
}
