// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { InputNumber, Modal, Radio, Switch } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { fieldErrorsOf } from '@/api/problem';
import type { Canary, CanaryRequest } from '@/api/schema.gen';
import { useReturnFocus } from '@/app/useReturnFocus';
import { Loading } from '@/components/Loading';
import { ProblemAlert } from '@/components/Problem';
import { errorText } from '@/forms/errors';

import { mostBatches, useCanary, usual } from './canary';
import { Simulation } from './Simulation';
import styles from './studio.module.css';

interface Props {
  ns: string;
  app: string;
  /** The workflow whose steps are replaced. */
  base?: string;
  onCancel: () => void;
  /** Gets the setting; nothing was saved. */
  onOk: (request: CanaryRequest, canary: Canary) => void;
}

/** How many batches, how much each gets, what stands between them; shows at once what that means in pods. */
export function CanaryDialog({ ns, app, base, onCancel, onOk }: Props) {
  const { t } = useTranslation('studio');
  const { t: common } = useTranslation();
  const [request, setRequest] = useState<CanaryRequest>({ ...usual, base });
  useReturnFocus();
  const canary = useCanary(ns, app, request);
  const usable = canary.data && !canary.error && !canary.isPlaceholderData;
  const change = (part: Partial<CanaryRequest>) => setRequest({ ...request, ...part });
  return (
    <Modal
      open
      width={820}
      title={t('canary.title')}
      onCancel={onCancel}
      closable={{ 'aria-label': common('close') }}
      okText={common('ok')}
      cancelText={common('cancel')}
      okButtonProps={{ disabled: !usable }}
      onOk={() => canary.data && onOk(request, canary.data)}
    >
      <div className={styles.body}>
        <p>{t('canary.help')}</p>
        <Settings request={request} onChange={change} errors={canary.error} />
        {canary.error && fieldErrorsOf(canary.error).length === 0 && <ProblemAlert error={canary.error} />}
        {canary.data ? (
          <Simulation
            canary={canary.data}
            onWeight={(index, weight) => {
              const weights = canary.data.simulation.filter((b) => b.weight > 0).map((b) => b.weight);
              weights[index] = weight;
              change({ weights, batches: undefined });
            }}
          />
        ) : (
          canary.isPending && <Loading />
        )}
      </div>
    </Modal>
  );
}

interface SettingsProps {
  request: CanaryRequest;
  onChange: (part: Partial<CanaryRequest>) => void;
  errors: unknown;
}

function Settings({ request, onChange, errors }: SettingsProps) {
  const { t } = useTranslation('studio');
  const { t: forms } = useTranslation('forms');
  const ids = { batches: useId(), wait: useId(), prepare: useId(), replicas: useId(), errors: useId(), approvals: useId() };
  const found = fieldErrorsOf(errors);
  return (
    <div className={styles.settings}>
      <div>
        <label htmlFor={ids.batches} className={styles.label}>{t('canary.batches')}</label>
        <InputNumber<number>
          id={ids.batches}
          autoFocus
          min={1}
          max={mostBatches}
          precision={0}
          value={request.batches ?? request.weights?.length ?? null}
          aria-describedby={found.length > 0 ? ids.errors : undefined}
          onChange={(batches) => batches !== null && onChange({ batches, weights: undefined })}
        />
      </div>
      <div>
        <label htmlFor={ids.replicas} className={styles.label}>{t('canary.replicas')}</label>
        <InputNumber<number>
          id={ids.replicas}
          min={0}
          max={1000}
          precision={0}
          className={styles.wide}
          placeholder={t('canary.replicasAuto')}
          value={request.replicas ?? null}
          onChange={(n) => onChange({ replicas: n ?? undefined })}
        />
      </div>
      <div role="group" aria-labelledby={ids.approvals}>
        <div id={ids.approvals}>{t('canary.approvals')}</div>
        <Radio.Group
          value={request.approvals ?? 'manual'}
          onChange={(e) => onChange({ approvals: e.target.value as CanaryRequest['approvals'], waitSeconds: e.target.value === 'timed' ? (request.waitSeconds ?? 300) : undefined })}
          options={(['manual', 'timed', 'none'] as const).map((value) => ({ value, label: t(`canary.approval.${value}`) }))}
        />
      </div>
      {request.approvals === 'timed' && (
        <div>
          <label htmlFor={ids.wait} className={styles.label}>{t('canary.wait')}</label>
          <InputNumber<number> id={ids.wait} min={1} max={10080} precision={0} value={(request.waitSeconds ?? 300) / 60} onChange={(m) => m !== null && onChange({ waitSeconds: Math.round(m * 60) })} />
        </div>
      )}
      <div>
        <Switch id={ids.prepare} checked={request.prepare === true} onChange={(prepare) => onChange({ prepare: prepare || undefined })} />{' '}
        <label htmlFor={ids.prepare}>
          {t('canary.prepare')}
        </label>
      </div>
      {found.length > 0 && (
        <ul id={ids.errors} className={styles.errors} role="alert">
          {found.map((e) => (
            <li key={e.path + e.code}>{errorText(forms, e, fieldName(e.path, t))}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

function fieldName(path: string, t: ReturnType<typeof useTranslation<'studio'>>['t']): string {
  const [, field = '', index] = path.split('/');
  if (field === 'weights') return index === undefined ? t('canary.weight') : t('canary.weightOf', { n: Number(index) + 1 });
  if (field === 'batches') return t('canary.batches');
  if (field === 'replicas') return t('canary.replicas');
  return field;
}
