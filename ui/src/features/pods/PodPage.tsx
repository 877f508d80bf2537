// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Button, Select, Tabs } from 'antd';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useParams, useSearchParams } from 'react-router';

import { asProblem } from '@/api/problem';
import type { PodDetail } from '@/api/schema.gen';
import { NotFound } from '@/app/NotFound';
import { Page } from '@/app/Page';
import { useAppParams } from '@/app/useAppParams';
import { ActivityList } from '@/components/ActivityList';
import { Loaded, Loading } from '@/components/Loading';
import { useSystem } from '@/features/system/queries';
import { checks, useAccess } from '@/session/access';

import { Containers } from './Containers';
import { LogView } from './LogView';
import styles from './PodPage.module.css';
import { PodStatus } from './PodsPage';
import { usePod } from './queries';

const Shell = lazy(() => import('./Shell'));

/** One pod: containers, events, logs, a shell where the server allows it, YAML. */
export function Component() {
  const { ns, app } = useAppParams();
  const { pod: name = '' } = useParams();
  const pod = usePod(ns, app, name);
  if (pod.error && pod.data === undefined && asProblem(pod.error).code === 'not-found') return <NotFound />;
  return (
    <Page title={name} extra={pod.data && <PodStatus pod={pod.data.pod} />}>
      <Loaded query={pod} rows={8}>
        {(detail) => <Views ns={ns} app={app} detail={detail} />}
      </Loaded>
    </Page>
  );
}

function Views({ ns, app, detail }: { ns: string; app: string; detail: PodDetail }) {
  const { t } = useTranslation('pods');
  const { t: run } = useTranslation('run');
  const [search, setSearch] = useSearchParams();
  const shells = useSystem().data?.execEnabled ?? false;
  const [mayExec] = useAccess([checks.exec(ns)]);
  const names = detail.pod.containers.filter((c) => !c.init).map((c) => c.name);
  const wanted = search.get('container');
  const container = names.find((n) => n === wanted) ?? names[0] ?? '';
  const set = (name: string, value: string) => {
    const next = new URLSearchParams(search);
    next.set(name, value);
    setSearch(next, { replace: true, preventScrollReset: true });
  };
  const choose = names.length > 1 && (
    <Select
      aria-label={t('container')}
      value={container}
      onChange={(c) => set('container', c)}
      options={names.map((n) => ({ value: n, label: n }))}
      className={styles.container}
    />
  );
  const tabs = [
    { key: 'containers', label: t('tabs.containers'), children: <Containers pod={detail.pod} /> },
    {
      key: 'events',
      label: t('tabs.events'),
      children: detail.events.length === 0 ? <p className="muted">{run('activity.none')}</p> : <ActivityList items={detail.events} withApp={false} />,
    },
    {
      key: 'logs',
      label: t('logs.title'),
      children: (
        <>
          {choose}
          <LogView key={container} ns={ns} app={app} filter={{ pod: detail.pod.name, container }} withPod={false} />
        </>
      ),
    },
    ...(shells
      ? [
          {
            key: 'shell',
            label: t('tabs.shell'),
            children: (
              <>
                {choose}
                {mayExec?.allowed ? <ShellTab key={container} ns={ns} app={app} pod={detail.pod.name} container={container} /> : <p>{mayExec?.why}</p>}
              </>
            ),
          },
        ]
      : []),
    {
      key: 'yaml',
      label: 'YAML',
      children: (
        // It is scrolled by keys, so it takes the focus.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <pre tabIndex={0} role="region" aria-label="YAML" className={styles.yaml}>
          {detail.yaml}
        </pre>
      ),
    },
  ];
  const tab = tabs.find((x) => x.key === search.get('tab'))?.key ?? 'containers';
  return <Tabs activeKey={tab} onChange={(key) => set('tab', key)} items={tabs} destroyOnHidden />;
}

/** A shell is opened on request, never by looking at the page. */
function ShellTab(props: { ns: string; app: string; pod: string; container: string }) {
  const { t } = useTranslation('pods');
  const [opened, setOpened] = useState(0);
  if (opened === 0) {
    return (
      <p>
        <Button type="primary" onClick={() => setOpened(1)}>
          {t('shell.open', { container: props.container })}
        </Button>
      </p>
    );
  }
  return (
    <Suspense fallback={<Loading />}>
      <Shell key={opened} {...props} onAgain={() => setOpened(opened + 1)} />
    </Suspense>
  );
}
