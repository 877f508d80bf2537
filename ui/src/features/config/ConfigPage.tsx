// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { PlusOutlined } from '@ant-design/icons';
import { useTranslation } from 'react-i18next';
import { Link, Outlet } from 'react-router';

import type { App, Component as AppComponent, Trait } from '@/api/schema.gen';
import { Page, Panel } from '@/app/Page';
import { useAppParams } from '@/app/useAppParams';
import { LinkButton } from '@/components/LinkButton';
import { Loaded } from '@/components/Loading';
import { Undeployed } from '@/components/Undeployed';
import { useApp } from '@/features/app/queries';
import { useDraft, type DraftState } from '@/features/app/useDraft';
import { useFormat } from '@/i18n/format';

import styles from './ConfigPage.module.css';
import { DraftBar } from './DraftBar';
import { Manage } from './Manage';
import { componentPath, newTraitPath, traitPath, traitSummary } from './config';

/** What the dialogs of this page work on. */
export interface ConfigContext {
  app: App;
  draft: DraftState;
}

/** The application's components with their traits, and its policies; changes stay in the browser until they are deployed. */
export function Component() {
  const { ns, app } = useAppParams();
  const query = useApp(ns, app);
  return <Loaded query={query}>{(data) => <Config key={data.uid} app={data} />}</Loaded>;
}

function Config({ app }: { app: App }) {
  const { t } = useTranslation('config');
  const draft = useDraft(app);
  const undeployed = draft.standing !== 'none' || (app.undeployed && !app.held);
  return (
    <Page
      title={t('title')}
      windowTitle={`${t('title')} · ${app.name}`}
      extra={undeployed ? <Undeployed /> : undefined}
      actions={<Manage app={app} draft={draft} />}
    >
      {draft.standing !== 'none' && <DraftBar app={app} draft={draft} />}
      <Facts app={app} />
      <Panel title={t('components')} extra={<span className="muted">{draft.spec.components.length}</span>}>
        <ul className={styles.components}>
          {draft.spec.components.map((component) => (
            <ComponentCard key={component.name} app={app} component={component} />
          ))}
        </ul>
      </Panel>
      {(draft.spec.policies?.length ?? 0) > 0 && (
        <Panel title={t('policies')}>
          <ul className={styles.policies}>
            {draft.spec.policies?.map((p) => (
              <li key={p.name ?? p.type}>
                <b>{p.name ?? p.type}</b> <span className="muted">{p.type}</span>
              </li>
            ))}
          </ul>
        </Panel>
      )}
      <Outlet context={{ app, draft } satisfies ConfigContext} />
    </Page>
  );
}

function Facts({ app }: { app: App }) {
  const { t } = useTranslation('config');
  const { t: common } = useTranslation();
  const format = useFormat();
  const facts: [string, string | undefined][] = [
    [common('name'), app.alias ? `${app.alias} (${app.name})` : app.name],
    [t('project'), app.project],
    [t('environment'), app.environment === app.namespace ? app.namespace : `${app.environment} (${app.namespace})`],
    [common('revision'), app.publishVersion ?? app.revision ?? t('neverDeployed')],
    [t('created'), format.dateTime(app.createdAt)],
    [t('description'), app.description],
  ];
  return (
    <Panel label={t('facts')}>
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
    </Panel>
  );
}

function ComponentCard({ app, component }: { app: App; component: AppComponent }) {
  const { t } = useTranslation('config');
  const { namespace: ns, name } = app;
  const image = component.properties?.image;
  return (
    <li className={styles.component} aria-label={t('componentLabel', { name: component.name })}>
      <div className={styles.componentHead}>
        <h3>
          <Link to={componentPath(ns, name, component.name)}>{component.name}</Link>
        </h3>
        <span className="muted">{component.type}</span>
        {typeof image === 'string' && <code className="mono">{image}</code>}
      </div>
      <div className={styles.traits}>
        {component.traits && component.traits.length > 0 && (
          <ul className={styles.chips} aria-label={t('traitsOf', { name: component.name })}>
            {component.traits.map((trait) => (
              <li key={trait.type}>
                <Link className={styles.chip} to={traitPath(ns, name, component.name, trait.type)}>
                  {traitText(trait)}
                </Link>
              </li>
            ))}
          </ul>
        )}
        <LinkButton size="small" icon={<PlusOutlined aria-hidden />} to={newTraitPath(ns, name, component.name)}>
          {t('addTrait')}
        </LinkButton>
      </div>
    </li>
  );
}

function traitText(trait: Trait): string {
  const summary = traitSummary(trait);
  return summary === '' ? trait.type : `${trait.type} (${summary})`;
}

