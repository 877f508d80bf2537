// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Segmented } from 'antd';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';

import type { ActivityKind, Run } from '@/api/schema.gen';
import { Panel } from '@/app/Page';
import { ActivityList } from '@/components/ActivityList';
import { Loaded } from '@/components/Loading';

import styles from './ActivityPanel.module.css';
import { useActivity } from './queries';
import { kinds, ofKind, ofRun } from './timeline';

/** Actions, steps and events in one line of time, of a run or of all the application; the filter lives in the address. */
export function ActivityPanel({ ns, app, run }: { ns: string; app: string; run?: Run }) {
  const { t } = useTranslation('run');
  const { t: common } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const activity = useActivity(ns, app);
  const kind = kinds.find((k) => k === search.get('kind'));
  const choose = (value: string) => {
    const next = new URLSearchParams(search);
    if (value === '') next.delete('kind');
    else next.set('kind', value);
    setSearch(next, { replace: true, preventScrollReset: true });
  };
  return (
    <Panel
      title={t('activity.title')}
      extra={
        <div className={styles.filter}>
          <Segmented
            size="small"
            aria-label={t('activity.filter')}
            value={kind ?? ''}
            onChange={choose}
            options={[{ value: '', label: common('all') }, ...kinds.map((k: ActivityKind) => ({ value: k, label: t(`activity.kind.${k}`) }))]}
          />
        </div>
      }
    >
      <Loaded query={activity}>
        {({ items }) => {
          const shown = ofKind(run ? ofRun(items, run) : items, kind);
          return shown.length === 0 ? <p className="muted">{t('activity.none')}</p> : <ActivityList items={shown} withApp={false} />;
        }}
      </Loaded>
    </Panel>
  );
}
