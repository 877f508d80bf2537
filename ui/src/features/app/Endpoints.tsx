// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { CopyOutlined } from '@ant-design/icons';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';

import type { Endpoint } from '@/api/schema.gen';
import { Panel } from '@/app/Page';
import { useToast } from '@/components/useToast';
import { useEndpoints } from '@/features/run/queries';

import styles from './Endpoints.module.css';

/** Where an application answers, each with a command to try it. */
export function Endpoints({ ns, app }: { ns: string; app: string }) {
  const { t } = useTranslation('run');
  const endpoints = useEndpoints(ns, app);
  if (!endpoints.data || endpoints.data.length === 0) return null;
  return (
    <Panel title={t('endpoints.title')}>
      <ul className={styles.list}>
        {endpoints.data.map((e) => (
          <li key={`${e.kind}/${e.name}/${e.url}`}>
            <Address endpoint={e} />
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Address({ endpoint }: { endpoint: Endpoint }) {
  const { t } = useTranslation('run');
  const { t: common } = useTranslation();
  const toast = useToast();
  const { curl } = endpoint;
  const copy = () => {
    if (curl) navigator.clipboard.writeText(curl).then(() => toast.done(common('copied')), toast.failed);
  };
  return (
    <>
      <div className={styles.line}>
        {/^https?:/.test(endpoint.url) ? (
          <a href={endpoint.url} target="_blank" rel="noreferrer" className="mono">
            {endpoint.url}
          </a>
        ) : (
          <span className="mono">{endpoint.url}</span>
        )}
        <span className="muted">
          {endpoint.kind} {endpoint.name}
        </span>
        {endpoint.internal && <span className="muted">{t('endpoints.internal')}</span>}
      </div>
      {curl && (
        <div className={styles.curl}>
          <code className={styles.command}>{curl}</code>
          <Button size="small" type="text" icon={<CopyOutlined />} aria-label={t('endpoints.copy', { url: endpoint.url })} onClick={copy} />
        </div>
      )}
    </>
  );
}
