// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { DeleteOutlined, DownOutlined, PlusOutlined, UpOutlined } from '@ant-design/icons';
import { Button, Dropdown } from 'antd';
import { useTranslation } from 'react-i18next';

import type { WorkflowStep } from '@/api/schema.gen';
import { Glyph, type GlyphName } from '@/components/Glyph';
import { inWords, useDefinitions } from '@/forms/definitions';
import type { FormError } from '@/forms/validate';
import { useFormat } from '@/i18n/format';

import { approvalStep, canaryStep, freeName, moved, weightOf } from './steps';
import styles from './studio.module.css';

interface Props {
  steps: WorkflowStep[];
  errors: FormError[];
  selected: string | null;
  onSelect: (name: string) => void;
  onChange: (steps: WorkflowStep[]) => void;
}

/** The steps in order; everything that can be done with the mouse is a button. */
export function StepList({ steps, errors, selected, onSelect, onChange }: Props) {
  const { t } = useTranslation('studio');
  return (
    <>
      <ol className={styles.steps} aria-label={t('steps')}>
        {steps.map((step, i) => {
          const name = step.meta?.alias || step.name;
          return (
            <li
              key={`${i} ${step.type}`}
              className={styles.step}
              data-type={step.type}
              data-selected={selected === step.name ? 'yes' : 'no'}
              data-wrong={errors.some((e) => e.path.startsWith(`/${i}/`)) ? 'yes' : 'no'}
            >
              <StepButton step={step} selected={selected === step.name} onSelect={onSelect} wrong={errors.some((e) => e.path.startsWith(`/${i}/`))} />
              <div className={styles.stepTools}>
                <Button type="text" icon={<UpOutlined />} disabled={i === 0} aria-label={t('moveUp', { name })} onClick={() => onChange(moved(steps, i, -1))} />
                <Button type="text" icon={<DownOutlined />} disabled={i === steps.length - 1} aria-label={t('moveDown', { name })} onClick={() => onChange(moved(steps, i, 1))} />
                <Button type="text" icon={<DeleteOutlined />} aria-label={t('removeStep', { name })} onClick={() => onChange(steps.filter((_, j) => j !== i))} />
              </div>
              {step.subSteps && (
                <ol className={styles.sub}>
                  {step.subSteps.map((sub) => (
                    <li key={sub.name}>
                      <StepButton step={sub} selected={selected === sub.name} onSelect={onSelect} wrong={false} />
                    </li>
                  ))}
                </ol>
              )}
            </li>
          );
        })}
      </ol>
      <AddStep
        onAdd={(type) => {
          const step: WorkflowStep = { name: freeName(steps, type), type };
          onChange([...steps, step]);
          onSelect(step.name);
        }}
      />
    </>
  );
}

const glyphs: Record<string, GlyphName> = { [canaryStep]: 'play', [approvalStep]: 'pause' };

function StepButton({ step, selected, wrong, onSelect }: { step: WorkflowStep; selected: boolean; wrong: boolean; onSelect: (name: string) => void }) {
  const { t } = useTranslation('studio');
  const format = useFormat();
  const weight = weightOf(step);
  const duration = step.type === approvalStep ? step.properties?.duration : undefined;
  return (
    <button type="button" className={styles.stepButton} aria-pressed={selected} onClick={() => onSelect(step.name)}>
      <Glyph name={glyphs[step.type] ?? 'dot'} tone={step.type === canaryStep ? 'canary' : step.type === approvalStep ? 'waiting' : 'plain'} />{' '}
      <b>{step.meta?.alias || step.name}</b>{' '}
      <span className="muted">
        {weight !== undefined ? t('weightShort', { percent: format.percent(weight) }) : step.type === approvalStep ? (typeof duration === 'string' ? t('waits', { duration }) : t('approval')) : step.type}
      </span>
      {wrong && (
        <>
          {' '}
          <Glyph name="alert" tone="failed" /> <span className={styles.fieldError}>{t('wrong')}</span>
        </>
      )}
    </button>
  );
}

function AddStep({ onAdd }: { onAdd: (type: string) => void }) {
  const { t, i18n } = useTranslation('studio');
  const types = useDefinitions('workflow-step');
  const items = (types.data ?? []).map((d) => ({ key: d.name, label: `${d.name} · ${inWords(d.title, i18n.language)}` }));
  return (
    <Dropdown menu={{ items, onClick: ({ key }) => onAdd(key) }} trigger={['click']} autoFocus destroyOnHidden disabled={items.length === 0}>
      <Button icon={<PlusOutlined aria-hidden />} aria-haspopup="menu">
        {t('addStep')}
      </Button>
    </Dropdown>
  );
}
