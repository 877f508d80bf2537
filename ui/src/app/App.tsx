// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { QueryClientProvider, type QueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { RouterProvider, type DataRouter } from 'react-router';

import { componentLocale } from '@/i18n/i18n';
import { ThemeProvider } from '@/theme/ThemeProvider';

import { Announcer } from './announce';

/** Everything around the routes. */
export function App({ router, cache }: { router: DataRouter; cache: QueryClient }) {
  const { i18n } = useTranslation();
  const locale = componentLocale(i18n.language);
  if (!locale) return null;
  return (
    <QueryClientProvider client={cache}>
      <ThemeProvider locale={locale}>
        <Announcer>
          <RouterProvider router={router} />
        </Announcer>
      </ThemeProvider>
    </QueryClientProvider>
  );
}
