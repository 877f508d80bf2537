// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { InputNumber } from 'antd';
import { useTranslation } from 'react-i18next';

import type { Canary, CanaryBatch } from '@/api/schema.gen';
import { useFormat } from '@/i18n/format';

import styles from './studio.module.css';

/** More pods than this are a number, not a drawing. */
const drawn = 24;

interface Props {
  canary: Canary;
  /** Makes the weights editable; index counts the batches without the prepare step. */
  onWeight?: (index: number, weight: number) => void;
}

/** What each batch means: its share of the traffic and the pods of the new version. */
export function Simulation({ canary, onWeight }: Props) {
  const { t } = useTranslation('studio');
  const format = useFormat();
  const offset = canary.simulation.filter((b) => b.weight === 0).length;
  return (
    <div className={styles.simulation}>
      <table className={styles.table} aria-label={t('canary.preview')}>
        <thead>
          <tr>
            <th scope="col">{t('canary.batch')}</th>
            <th scope="col">{t('canary.weight')}</th>
            <th scope="col">{t('canary.pods')}</th>
          </tr>
        </thead>
        <tbody>
          {canary.simulation.map((batch, i) => (
            <tr key={batch.step}>
              <th scope="row">{batch.weight === 0 ? t('canary.prepareRow') : t('canary.batchN', { n: i + 1 - offset })}</th>
              <td>
                {onWeight && batch.weight > 0 && i < canary.simulation.length - 1 ? (
                  <InputNumber<number>
                    min={1}
                    max={100}
                    precision={0}
                    suffix="%"
                    value={batch.weight}
                    aria-label={t('canary.weightOf', { n: i + 1 - offset })}
                    onChange={(weight) => weight !== null && onWeight(i - offset, weight)}
                  />
                ) : (
                  format.percent(batch.weight)
                )}
              </td>
              <td>
                <Pods batch={batch} replicas={canary.replicas} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {canary.warnings.length > 0 && (
        <ul className={styles.warnings} role="status">
          {canary.warnings.map((w) => (
            <li key={w.code + (w.step ?? '')}>{t(`warning.${w.code}`, { step: w.step ?? '', defaultValue: w.message })}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Pods({ batch, replicas }: { batch: CanaryBatch; replicas: number | undefined }) {
  const { t } = useTranslation('studio');
  const { pods, stablePods } = batch;
  if (pods === undefined) return <span className="muted">{t('canary.podsUnknown')}</span>;
  const all = pods + (stablePods ?? 0);
  return (
    <span className={styles.pods}>
      {all <= drawn && (
        <svg aria-hidden="true" width={all * 16} height="16">
          {Array.from({ length: all }, (_, i) => (
            <g key={i} transform={`translate(${i * 16} 0)`} className={i < (stablePods ?? 0) ? styles.stablePod : styles.canaryPod}>
              <circle cx="8" cy="8" r="6" />
              {i >= (stablePods ?? 0) && <path d="M5.5 10.5l5-5" />}
            </g>
          ))}
        </svg>
      )}
      {t('canary.podsOf', { pods, replicas: replicas ?? all })}
    </span>
  );
}
