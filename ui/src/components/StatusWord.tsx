// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';

import type { ActionPhase, RevisionState, RunState, StatusWord as ServerWord, StepState } from '@/api/schema.gen';
import { useFormat } from '@/i18n/format';

import { Glyph, type GlyphName, type Tone } from './Glyph';
import styles from './StatusWord.module.css';

/** The one word for how an application, a run, a step or an action is; the server chooses it. */
export type Word = ServerWord | RunState | RevisionState | StepState | ActionPhase;

const looks: Record<Word, { glyph: GlyphName; tone: Tone }> = {
  NotDeployed: { glyph: 'ring', tone: 'plain' },
  Pending: { glyph: 'ring', tone: 'plain' },
  Asked: { glyph: 'clock', tone: 'plain' },
  Executing: { glyph: 'play', tone: 'plain' },
  Stable: { glyph: 'check', tone: 'stable' },
  Starting: { glyph: 'ring', tone: 'stable' },
  Running: { glyph: 'play', tone: 'canary' },
  RollingOut: { glyph: 'play', tone: 'canary' },
  Waiting: { glyph: 'pause', tone: 'waiting' },
  Paused: { glyph: 'pause', tone: 'waiting' },
  RollingBack: { glyph: 'back', tone: 'canary' },
  RolledBack: { glyph: 'back', tone: 'plain' },
  Succeeded: { glyph: 'check', tone: 'done' },
  Superseded: { glyph: 'stop', tone: 'plain' },
  Skipped: { glyph: 'stop', tone: 'plain' },
  Failed: { glyph: 'cross', tone: 'failed' },
  Refused: { glyph: 'cross', tone: 'failed' },
  Terminated: { glyph: 'stop', tone: 'failed' },
  Unhealthy: { glyph: 'alert', tone: 'failed' },
  Deleting: { glyph: 'stop', tone: 'plain' },
  Unknown: { glyph: 'question', tone: 'plain' },
};

/** Narrows a word from the server; one that this bundle does not know is 'Unknown'. */
export function wordOf(word: string | undefined): Word {
  return word !== undefined && word in looks ? (word as Word) : 'Unknown';
}

interface Props {
  word: string | undefined;
  /** The share asked for the new version, shown while rolling out. */
  percent?: number | null;
  /** How long it has been waiting, in milliseconds. */
  waitingFor?: number | null;
}

/** A status as shape and text. */
export function StatusWord({ word: raw, percent, waitingFor }: Props) {
  const { t } = useTranslation('status');
  const format = useFormat();
  const word = wordOf(raw);
  let text = t(`word.${word}`);
  if (word === 'RollingOut' && percent != null) text = t('rollingOutAt', { percent: format.percent(percent) });
  if (word === 'Waiting' && waitingFor != null) text = t('waitingFor', { duration: format.duration(waitingFor) });
  const { glyph, tone } = looks[word];
  return (
    <span className={`${styles.word} ${styles[tone]}`} data-status={word}>
      <Glyph name={glyph} tone={tone} size={14} />
      <span>{text}</span>
    </span>
  );
}
