// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';
import type { ReactNode } from 'react';

import type { RunStep, StepState } from '@/api/schema.gen';
import { useFormat } from '@/i18n/format';
import { useSentence } from '@/i18n/sentences';

import { Glyph, type GlyphName, type Tone } from './Glyph';
import styles from './StepRail.module.css';

interface Props {
  steps: RunStep[];
  /** The present time, for steps that go on. */
  now: Date;
  selected?: string | null;
  /** Makes each step a button. */
  onSelect?: (name: string) => void;
}

const looks: Record<StepState, { glyph: GlyphName; tone: Tone; class: keyof typeof styles }> = {
  Pending: { glyph: 'ring', tone: 'plain', class: 'next' },
  Running: { glyph: 'play', tone: 'canary', class: 'current' },
  Waiting: { glyph: 'pause', tone: 'waiting', class: 'waiting' },
  Succeeded: { glyph: 'check', tone: 'done', class: 'done' },
  Failed: { glyph: 'cross', tone: 'failed', class: 'failed' },
  Skipped: { glyph: 'stop', tone: 'plain', class: 'next' },
  Terminated: { glyph: 'stop', tone: 'failed', class: 'failed' },
};

/** The steps of a release in order, each with what it asks for, when it was and who let it go on. */
export function StepRail({ steps, now, selected, onSelect }: Props) {
  const { t } = useTranslation('status');
  return (
    <ol className={styles.rail} aria-label={t('step.label')}>
      {steps.map((step) => (
        <li
          key={step.name}
          className={`${styles.step} ${styles[looks[step.state].class]}`}
          aria-current={step.state === 'Running' || step.state === 'Waiting' ? 'step' : undefined}
          data-state={step.state}
        >
          <span className={styles.mark}>
            <Glyph name={looks[step.state].glyph} tone={looks[step.state].tone} />
          </span>
          <StepBody step={step} now={now} selected={selected === step.name} onSelect={onSelect} />
        </li>
      ))}
    </ol>
  );
}

function StepBody({ step, now, selected, onSelect }: { step: RunStep; now: Date; selected: boolean; onSelect?: (name: string) => void }) {
  const { t } = useTranslation('status');
  const say = useSentence();
  const format = useFormat();
  const facts: ReactNode[] = [];
  if (step.weight != null) facts.push(t('step.weight', { percent: format.percent(step.weight) }));
  if (step.pods != null && step.replicas != null) facts.push(t('step.pods', { pods: step.pods, replicas: step.replicas }));
  if (step.startedAt) {
    const end = step.endedAt ? new Date(step.endedAt) : now;
    facts.push(<time dateTime={step.startedAt} title={format.dateTime(step.startedAt)}>{format.short(step.startedAt, now)}</time>);
    facts.push(t('step.took', { duration: format.duration(end.getTime() - new Date(step.startedAt).getTime()) }));
  }
  if (step.by) facts.push(t('step.by', { name: step.by }));
  const name = (
    <>
      <span className={styles.name}>{step.alias || step.name}</span> <span className={styles.state}>{t(`word.${step.state}`)}</span>
    </>
  );
  return (
    <div className={styles.body}>
      {onSelect ? (
        <button type="button" className={styles.button} aria-pressed={selected} onClick={() => onSelect(step.name)}>
          {name}
        </button>
      ) : (
        <div>{name}</div>
      )}
      {facts.length > 0 && (
        <div className={styles.facts}>
          {facts.map((fact, i) => (
            <span key={i}>{fact}</span>
          ))}
        </div>
      )}
      {step.reason && <div className={styles.reason}>{step.reason}</div>}
      {step.resumeAt && step.state === 'Waiting' && (
        <div className={styles.facts}>{t('step.resumes', { at: format.short(step.resumeAt, now) })}</div>
      )}
      {step.message && <div className={styles.message}>{say(step.message)}</div>}
    </div>
  );
}
