// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Button } from 'antd';
import { CloseOutlined } from '@ant-design/icons';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

import type { TopologyNode } from '@/api/schema.gen';
import { Panel } from '@/app/Page';
import { paths } from '@/app/paths';
import { useNow } from '@/app/useNow';
import { useFormat } from '@/i18n/format';

import styles from './NodePanel.module.css';
import { useNodeWords } from './words';

interface Props {
  ns: string;
  app: string;
  node: TopologyNode;
  onClose: () => void;
}

/** What is known of one object, and where to go from it. */
export function NodePanel({ ns, app, node, onClose }: Props) {
  const { t } = useTranslation('topology');
  const { t: common } = useTranslation();
  const words = useNodeWords();
  const format = useFormat();
  const now = useNow();
  const facts: [string, string | undefined][] = [
    [common('status'), words.health(node)],
    [common('namespace'), node.namespace],
    [t('component'), node.component],
    [t('trait'), node.trait],
    [t('version'), [node.publishVersion, node.revision, words.role(node)].filter(Boolean).join(' · ')],
    [common('image'), node.image],
    [t('pods'), words.count(node)],
    [t('restarts'), node.restarts === undefined ? undefined : format.number(node.restarts)],
    [t('age'), node.createdAt && format.duration(now.getTime() - new Date(node.createdAt).getTime())],
  ];
  return (
    <Panel
      title={`${node.kind} ${node.name}`}
      extra={<Button size="small" type="text" icon={<CloseOutlined />} aria-label={common('close')} onClick={onClose} className={styles.close} />}
    >
      {node.message && <p>{node.message}</p>}
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
      {node.kind === 'Pod' && (
        <p className={styles.links}>
          <Link to={paths.pod(ns, app, node.name)}>{t('openPod')}</Link>
          <Link to={`${paths.logs(ns, app)}?${new URLSearchParams({ pod: node.name })}`}>{t('openLogs')}</Link>
        </p>
      )}
    </Panel>
  );
}
