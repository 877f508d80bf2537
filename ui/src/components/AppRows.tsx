// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

import type { AppSummary } from '@/api/schema.gen';
import { paths } from '@/app/paths';
import { useNow } from '@/app/useNow';
import { useSentence } from '@/i18n/sentences';

import { SplitBar } from './SplitBar';
import { StatusWord } from './StatusWord';
import styles from './AppRows.module.css';

/** The tag of an image, or the digest's beginning, or all of it where there is neither. */
export function tagOf(image: string | undefined): string {
  if (!image) return '';
  const [name = '', digest] = image.split('@sha256:');
  if (digest !== undefined) return digest.slice(0, 12);
  const last = name.slice(name.lastIndexOf('/') + 1);
  const colon = last.indexOf(':');
  return colon < 0 ? last : last.slice(colon + 1);
}

/** Where a person wants to go who clicks on an application: to its release while one is under way. */
export function appLink(app: AppSummary): string {
  const resting = ['NotDeployed', 'Stable', 'Unhealthy', 'RolledBack', 'Unknown', 'Deleting'].includes(app.status.word);
  return app.run && !resting ? paths.run(app.namespace, app.name, app.run) : paths.app(app.namespace, app.name);
}

/** How an application is, with the share and the time that belong to it. */
export function AppStatus({ app }: { app: AppSummary }) {
  const now = useNow();
  const { word, weight, since } = app.status;
  return <StatusWord word={word} percent={weight} waitingFor={since ? now.getTime() - new Date(since).getTime() : null} />;
}

/** The split of an application that is between two versions; nothing otherwise. */
export function AppSplit({ app }: { app: AppSummary }) {
  const { t } = useTranslation('status');
  const split = app.split;
  if (!split) return null;
  return (
    <SplitBar
      compact
      stable={t('split.stable')}
      canary={tagOf(app.components[0]?.image) || t('split.canary')}
      asked={split.asked ?? null}
      measured={split.measured === undefined ? null : { percent: split.measured, requests: split.measuredRequests ?? 0 }}
    />
  );
}

/** Applications as a list with their state, for the home page. */
export function AppRows({ apps, label }: { apps: AppSummary[]; label: string }) {
  const say = useSentence();
  return (
    <ul className={styles.rows} aria-label={label}>
      {apps.map((app) => (
        <li key={`${app.namespace}/${app.name}`} className={styles.row}>
          <div className={styles.name}>
            <Link to={appLink(app)}>{app.alias || app.name}</Link> <span className="muted">{app.namespace}</span>
          </div>
          <AppStatus app={app} />
          <div className={styles.split}>
            <AppSplit app={app} />
          </div>
          {app.status.message && <div className={styles.message}>{say(app.status.message)}</div>}
        </li>
      ))}
    </ul>
  );
}
