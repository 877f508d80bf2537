// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';

import type { WorkflowMode, WorkflowStep } from '@/api/schema.gen';
import { Loading } from '@/components/Loading';
import type { FormError } from '@/forms/validate';
import { parseYaml, toYaml } from '@/forms/yaml';

const YamlEditor = lazy(async () => ({ default: (await import('@/forms/YamlEditor')).YamlEditor }));

/** The form of the text; what a step's type asks for is checked by the server. */
const schema = {
  type: 'object',
  required: ['steps'],
  additionalProperties: false,
  properties: {
    mode: {
      type: 'object',
      additionalProperties: false,
      properties: { steps: { enum: ['StepByStep', 'DAG'] }, subSteps: { enum: ['StepByStep', 'DAG'] } },
    },
    steps: { type: 'array', maxItems: 200, items: { $ref: '#/$defs/step' } },
  },
  $defs: {
    step: {
      type: 'object',
      required: ['name', 'type'],
      additionalProperties: false,
      properties: {
        name: { type: 'string', minLength: 1 },
        type: { type: 'string', minLength: 1 },
        meta: { type: 'object', additionalProperties: false, properties: { alias: { type: 'string' } } },
        if: { type: 'string' },
        timeout: { type: 'string' },
        dependsOn: { type: 'array', items: { type: 'string' } },
        inputs: { type: 'array' },
        outputs: { type: 'array' },
        properties: { type: 'object' },
        mode: { enum: ['StepByStep', 'DAG'] },
        subSteps: { type: 'array', items: { $ref: '#/$defs/step' } },
      },
    },
  },
};

interface Text {
  mode?: WorkflowMode;
  steps: WorkflowStep[];
}

interface Props extends Text {
  name: string;
  errors: FormError[];
  onChange: (text: Text) => void;
  /** Whether the text is not a workflow at the moment, so that the list cannot be shown. */
  onBroken: (broken: boolean) => void;
}

/** The workflow as text; the list follows it as long as it is a workflow. */
export function WorkflowYaml({ mode, steps, name, errors, onChange, onBroken }: Props) {
  const { t } = useTranslation('studio');
  const [text, setText] = useState(() => toYaml({ ...(mode ? { mode } : {}), steps }));
  const edit = (next: string) => {
    setText(next);
    const { data } = parseYaml(next);
    const right = isText(data);
    onBroken(!right);
    if (right) onChange(data);
  };
  return (
    <Suspense fallback={<Loading />}>
      <p className="muted">{t('yamlHelp')}</p>
      <YamlEditor
        text={text}
        onChange={edit}
        name={name}
        schema={schema}
        errors={errors.map((e) => ({ ...e, path: `/steps${e.path}` }))}
        label={(pointer) => pointer}
        minHeight={360}
      />
    </Suspense>
  );
}

function isText(data: unknown): data is Text {
  if (typeof data !== 'object' || data === null || !('steps' in data) || !Array.isArray(data.steps)) return false;
  return data.steps.every((s: unknown) => typeof s === 'object' && s !== null && 'name' in s && typeof s.name === 'string' && 'type' in s && typeof s.type === 'string');
}
