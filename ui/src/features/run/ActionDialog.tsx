// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Alert, Button, Input, Modal } from 'antd';
import type { TextAreaRef } from 'antd/es/input/TextArea';
import { useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { asProblem, type ProblemError } from '@/api/problem';
import type { Overview, Run } from '@/api/schema.gen';
import { useReturnFocus } from '@/app/useReturnFocus';
import { ProblemAlert } from '@/components/Problem';
import { useToast } from '@/components/useToast';
import { useFormat } from '@/i18n/format';

import styles from './ActionDialog.module.css';
import { Consequence } from './Consequence';
import { isUnderWay, presentStep, requestOf, type Offer } from './offers';
import { useAct } from './queries';

interface Props {
  ns: string;
  app: string;
  /** What the person saw when they opened the dialog; its step goes into the request. */
  offer: Offer;
  run: Run;
  overview: Overview;
  onClose: () => void;
}

const longest = 1024;

/** Says what an action leads to, asks why, and carries it out on the step that the person saw. */
export function ActionDialog({ ns, app, offer, run, overview, onClose }: Props) {
  const { t } = useTranslation('run');
  const { t: common } = useTranslation();
  const toast = useToast();
  useReturnFocus();
  const act = useAct(ns, app, run.id);
  const [reason, setReason] = useState('');
  const id = useId();
  const cancel = useRef<HTMLButtonElement>(null);
  const words = useRef<TextAreaRef>(null);
  const danger = offer.action === 'rollback' || offer.action === 'terminate';
  const moved = hasMoved(offer, run);
  const settled = act.isError || moved;

  const ask = () =>
    act.mutate(requestOf(offer, reason), {
      onSuccess: (record) => {
        if (record.phase === 'Refused') toast.failed(asProblem(new Error(record.message ?? t('refused'))));
        else toast.done(t(`done.${offer.action}`));
        onClose();
      },
    });

  return (
    <Modal
      open
      title={t(`ask.${offer.action}`)}
      onCancel={onClose}
      closable={{ 'aria-label': common('close') }}
      destroyOnHidden
      afterOpenChange={(opened) => opened && (danger ? cancel : words).current?.focus()}
      footer={
        <>
          <Button onClick={onClose} ref={cancel}>
            {settled ? common('close') : common('cancel')}
          </Button>
          {!settled && (
            <Button type="primary" danger={danger} loading={act.isPending} onClick={ask}>
              {t(`action.${offer.action}`)}
            </Button>
          )}
        </>
      }
    >
      {moved && !act.isError && !act.isPending ? (
        <Alert role="alert" type="warning" showIcon title={t('moved')} />
      ) : (
        <Consequence offer={offer} run={run} overview={overview} />
      )}
      {act.isError && <Outcome error={act.error} />}
      {!settled && (
        <div className={styles.reason}>
          <label htmlFor={id}>
            {t('reason')} <span className="muted">({common('optional')})</span>
          </label>
          <Input.TextArea
            id={id}
            value={reason}
            maxLength={longest}
            rows={3}
            ref={words}
            onChange={(e) => setReason(e.target.value)}
          />
        </div>
      )}
    </Modal>
  );
}

/** The release has gone on since the dialog was opened. A rollback is right at any step. */
function hasMoved(offer: Offer, run: Run): boolean {
  if (offer.action === 'rollback' || offer.action === 'restart' || offer.stepId === undefined) return false;
  const present = presentStep(run)?.id;
  return present === undefined ? !isUnderWay(run.state) : present !== offer.stepId;
}

/** Why it was not done: by whom somebody else was first, else the server's reason. */
function Outcome({ error }: { error: ProblemError }) {
  const { t } = useTranslation('run');
  const format = useFormat();
  if (error.code !== 'stale') return <ProblemAlert error={error} />;
  const { by, at } = error.params;
  return (
    <Alert
      role="alert"
      type="warning"
      showIcon
      title={by ? t('stale.by', { by }) : t('stale.title')}
      description={
        <>
          {at && <p>{format.dateTime(at)}</p>}
          <p>{t('stale.refreshed')}</p>
        </>
      }
    />
  );
}
