// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';

import type { Container, Pod } from '@/api/schema.gen';
import { Panel } from '@/app/Page';
import { Glyph } from '@/components/Glyph';
import { useFormat } from '@/i18n/format';

import styles from './Containers.module.css';

/** The pod and its containers in facts. */
export function Containers({ pod }: { pod: Pod }) {
  const { t } = useTranslation('pods');
  const { t: common } = useTranslation();
  const format = useFormat();
  return (
    <div className={styles.all}>
      <Facts
        facts={[
          [t('version'), [pod.publishVersion, pod.revision].filter(Boolean).join(' · ')],
          [t('component'), pod.component],
          [t('node'), pod.node],
          ['IP', pod.ip],
          [t('created'), format.dateTime(pod.createdAt)],
          [t('readyAt'), pod.readyAt && format.dateTime(pod.readyAt)],
          [t('cpu'), pod.cpu],
          [t('memory'), pod.memory],
          [common('reason'), [pod.reason, pod.message].filter(Boolean).join(': ')],
        ]}
      />
      {pod.containers.map((c) => (
        <Panel
          key={c.name}
          title={c.name}
          extra={
            <>
              {c.init && <span className="muted">{t('init')}</span>}
              <ContainerState container={c} />
            </>
          }
        >
          <Facts
            facts={[
              [common('image'), c.image],
              [t('digest'), c.digest],
              [t('restarts'), format.number(c.restarts)],
              [t('requests'), quantities(c.requests)],
              [t('limits'), quantities(c.limits)],
              [common('reason'), [c.reason, c.message].filter(Boolean).join(': ')],
              [t('exitCode'), c.exitCode === undefined ? undefined : String(c.exitCode)],
            ]}
          />
        </Panel>
      ))}
    </div>
  );
}

function ContainerState({ container }: { container: Container }) {
  const { t } = useTranslation('pods');
  const fine = container.ready || (container.init && container.exitCode === 0);
  return (
    <span>
      <Glyph name={fine ? 'check' : container.state === 'Terminated' ? 'cross' : 'ring'} tone={fine ? 'done' : 'failed'} size={14} />{' '}
      {t(`containerState.${container.state}`)}
    </span>
  );
}

/** Facts that are known, in a grid. */
function Facts({ facts }: { facts: [string, string | undefined][] }) {
  return (
    <dl className={styles.facts}>
      {facts
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function quantities(of: Record<string, string> | undefined): string | undefined {
  return of && Object.entries(of).map(([name, value]) => `${name} ${value}`).join(', ');
}
