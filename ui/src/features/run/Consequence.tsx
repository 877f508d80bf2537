// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';

import type { ActionKind, NextStep, Overview, RollbackPreview, Run } from '@/api/schema.gen';
import { tagOf } from '@/components/AppRows';
import { ChangeList } from '@/components/ChangeList';
import { useFormat, type Format } from '@/i18n/format';

import styles from './Consequence.module.css';
import type { Offer } from './offers';

interface Props {
  offer: Offer;
  run: Run;
  overview: Overview;
}

/** What will happen when an action is carried out, told before it is asked for. */
export function Consequence({ offer, run, overview }: Props) {
  switch (offer.action) {
    case 'resume':
      return <NextText next={overview.next?.run === run.id ? overview.next : undefined} run={run} />;
    case 'rollback':
      return <RollbackText rollback={overview.rollback} />;
    default:
      return <StayText action={offer.action} step={offer.step} overview={overview} />;
  }
}

/** "Next: 66%, 2 of 3 pods", in the words of a catalogue. */
export function useNextText(): (next: NextStep | undefined) => string {
  const { t } = useTranslation('run');
  const format = useFormat();
  return (next) => {
    if (!next?.target) return t('next.nothing');
    const percent = next.weight === undefined ? undefined : format.percent(next.weight);
    if (next.pods !== undefined && next.replicas !== undefined) {
      const values = { percent, pods: next.pods, replicas: next.replicas };
      return percent ? t('next.both', values) : t('next.pods', values);
    }
    return percent ? t('next.weight', { percent }) : t('next.step', { step: next.target });
  };
}

function NextText({ next, run }: { next: NextStep | undefined; run: Run }) {
  const { t } = useTranslation('run');
  const text = useNextText();
  if (!next) return <p>{t('consequence.resumePaused')}</p>;
  return (
    <>
      <p className={styles.main}>{text(next)}</p>
      {next.last && <p>{t('next.last', { version: tagOf(run.images?.[0]) || run.id })}</p>}
    </>
  );
}

function RollbackText({ rollback }: { rollback: RollbackPreview }) {
  const { t } = useTranslation('run');
  const { readyPods = 0, neededPods } = rollback; // 0 is not on the wire
  return (
    <>
      <p className={styles.main}>
        {t('consequence.rollback', { revision: rollback.revision ?? '', tag: tagOf(rollback.image) || (rollback.publishVersion ?? '') })}
      </p>
      <p>{t('consequence.rollbackHow')}</p>
      {neededPods !== undefined && (
        <p className={readyPods < neededPods ? styles.warning : undefined}>
          {readyPods < neededPods
            ? t('consequence.capacityShort', { ready: readyPods, needed: neededPods, count: neededPods - readyPods })
            : t('consequence.capacity', { ready: readyPods, needed: neededPods })}
        </p>
      )}
      <h3>{t('consequence.goesBack')}</h3>
      <ChangeList changes={rollback.changes ?? []} />
    </>
  );
}

function StayText({ action, step, overview }: { action: ActionKind; step: string | undefined; overview: Overview }) {
  const { t } = useTranslation('run');
  const format = useFormat();
  const shares = sharesOf(overview, format);
  switch (action) {
    case 'terminate':
      return (
        <>
          <p className={styles.main}>{t('consequence.terminate')}</p>
          {shares && <p>{t('consequence.keeps', shares)}</p>}
          <p>{t('consequence.terminateUndo')}</p>
        </>
      );
    case 'restart':
      return <p className={styles.main}>{step ? t('consequence.restartStep', { step }) : t('consequence.restart')}</p>;
    default:
      return (
        <>
          <p className={styles.main}>{t('consequence.suspend')}</p>
          {shares && <p>{t('consequence.keeps', shares)}</p>}
        </>
      );
  }
}

/** What the new version has of the traffic and of the pods now; null where nothing is between two versions. */
function sharesOf(overview: Overview, format: Format): { version: string; percent: string; pods: number; replicas: number } | null {
  const release = overview.releases[0];
  if (!release || release.split.asked === undefined) return null;
  return {
    version: tagOf(release.canary.image),
    percent: format.percent(release.split.asked),
    pods: release.canary.pods,
    replicas: release.canary.pods + release.stable.pods,
  };
}
