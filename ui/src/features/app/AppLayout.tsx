// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';
import { Link, NavLink, Outlet } from 'react-router';

import { asProblem } from '@/api/problem';
import { NotFound } from '@/app/NotFound';
import { paths } from '@/app/paths';
import { useAppParams } from '@/app/useAppParams';
import { AppStatus } from '@/components/AppRows';
import { Loaded } from '@/components/Loading';
import { DeployButton, DeployOverPage } from '@/features/deploy/DeployOverPage';

import styles from './AppLayout.module.css';
import { useOverview } from './queries';
import { useTabs } from './tabs';

/** The frame around the pages of one application: its name, its state, its pages. */
export function Component() {
  const { t } = useTranslation();
  const { ns, app } = useAppParams();
  const overview = useOverview(ns, app);
  const tabs = useTabs(ns, app);
  if (overview.error && asProblem(overview.error).code === 'not-found') return <NotFound />;
  return (
    <>
      <div className={styles.head}>
        <div className={styles.line}>
          <nav aria-label={t('breadcrumb')} className={styles.crumbs}>
            <Link to={paths.apps}>{t('nav.apps')}</Link>
            <span aria-hidden="true">/</span>
            <Link to={paths.app(ns, app)} className={styles.name}>
              {overview.data?.app.alias || app}
            </Link>
            <span className="muted">{ns}</span>
          </nav>
          {overview.data && <AppStatus app={overview.data.app} />}
          <div className={styles.actions}>
            <DeployButton ns={ns} app={app} />
          </div>
        </div>
        <nav aria-label={t('appNavigation', { name: app })} className={styles.tabs}>
          {tabs.map((tab) => (
            <NavLink key={tab.to} to={tab.to} end={tab.end} className={styles.tab}>
              {tab.text}
            </NavLink>
          ))}
        </nav>
      </div>
      <Loaded query={overview} rows={8}>
        {() => <Outlet />}
      </Loaded>
      <DeployOverPage ns={ns} app={app} />
    </>
  );
}
