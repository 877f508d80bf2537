// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';

import { paths } from '@/app/paths';

export interface Tab {
  to: string;
  text: string;
  end?: boolean;
}

/** The pages of an application in the order of a release: what it is, how it goes out, how it runs. */
export function useTabs(ns: string, app: string): Tab[] {
  const { t } = useTranslation();
  return [
    { to: paths.app(ns, app), text: t('tabs.overview'), end: true },
    { to: paths.config(ns, app), text: t('tabs.config') },
    { to: paths.workflows(ns, app), text: t('tabs.workflows') },
    { to: paths.runs(ns, app), text: t('tabs.runs') },
    { to: paths.topology(ns, app), text: t('tabs.topology') },
    { to: paths.pods(ns, app), text: t('tabs.pods') },
    { to: paths.logs(ns, app), text: t('tabs.logs') },
    { to: paths.revisions(ns, app), text: t('tabs.revisions') },
  ];
}
