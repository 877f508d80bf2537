// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { App, ConfigProvider } from 'antd';
import type { Locale } from 'antd/es/locale';
import { createContext, useContext, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from 'react';

import { antdTheme, readPreference, resolve, type Preference, type Scheme } from './theme';

const storageKey = 'velaux.theme';

interface ThemeState {
  choice: Preference;
  scheme: Scheme;
  choose: (p: Preference) => void;
}

const ThemeContext = createContext<ThemeState | null>(null);

/** The theme in force and the way to change it. */
export function useTheme(): ThemeState {
  const state = useContext(ThemeContext);
  if (!state) throw new Error('useTheme needs a ThemeProvider above it');
  return state;
}

/** The nonce that the server put into the page for styles made at run time; undefined in development. */
export function styleNonce(): string | undefined {
  const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content;
  return nonce && nonce !== '__CSP_NONCE__' ? nonce : undefined;
}

function useMedia(query: string): boolean {
  const list = useMemo(() => window.matchMedia(query), [query]);
  return useSyncExternalStore(
    (changed) => {
      list.addEventListener('change', changed);
      return () => list.removeEventListener('change', changed);
    },
    () => list.matches,
  );
}

/** Gives the page its colours, motion and the component library's locale. */
export function ThemeProvider({ locale, children }: { locale: Locale; children: ReactNode }) {
  const [choice, setChoice] = useState(() => readPreference(localStorage.getItem(storageKey)));
  const scheme = resolve(choice, useMedia('(prefers-color-scheme: dark)'));
  const still = useMedia('(prefers-reduced-motion: reduce)');

  useEffect(() => {
    document.documentElement.dataset.theme = scheme;
  }, [scheme]);

  const state = useMemo<ThemeState>(
    () => ({
      choice,
      scheme,
      choose: (p) => {
        localStorage.setItem(storageKey, p);
        setChoice(p);
      },
    }),
    [choice, scheme],
  );
  const config = useMemo(() => antdTheme(scheme, still), [scheme, still]);
  const csp = useMemo(() => {
    const nonce = styleNonce();
    return nonce ? { nonce } : undefined;
  }, []);

  return (
    <ThemeContext value={state}>
      <ConfigProvider theme={config} locale={locale} csp={csp} button={{ autoInsertSpace: false }} wave={{ disabled: true }}>
        <App message={{ maxCount: 3, duration: 5 }}>{children}</App>
      </ConfigProvider>
    </ThemeContext>
  );
}
