// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';

import { Page, Panel } from './Page';
import { paths } from './paths';

/** What stands at an address where nothing is. */
export function NotFound() {
  const { t } = useTranslation();
  return (
    <Page title={t('notFound.title')}>
      <Panel>
        <p>{t('notFound.text')}</p>
        <p>
          <Link to={paths.home}>{t('notFound.home')}</Link>
        </p>
      </Panel>
    </Page>
  );
}
