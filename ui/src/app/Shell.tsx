// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { NavLink, Outlet, ScrollRestoration, useNavigation } from 'react-router';

import { Loading } from '@/components/Loading';

import { HeaderTools } from './HeaderTools';
import { paths } from './paths';
import styles from './Shell.module.css';
import { ShortcutHelp } from './ShortcutHelp';
import { LiveDot, StreamBanner } from './StreamBanner';

/** The frame around all pages: navigation, tools, the banner of a lost stream. */
export function Shell() {
  const { t } = useTranslation();
  const navigation = useNavigation();
  const items = [
    { to: paths.home, text: t('nav.home'), end: true },
    { to: paths.apps, text: t('nav.apps') },
    { to: paths.access, text: t('nav.access') },
    { to: paths.system, text: t('nav.system') },
  ];
  const skip = () => document.getElementById('content')?.focus();
  return (
    <div className={styles.shell}>
      <button type="button" className={styles.skip} onClick={skip}>
        {t('skipToContent')}
      </button>
      <header className={styles.header}>
        <NavLink to={paths.home} className={styles.brand}>
          <Logo /> {t('product')}
        </NavLink>
        <nav aria-label={t('mainNavigation')} className={styles.nav}>
          {items.map((item) => (
            <NavLink key={item.to} to={item.to} end={item.end} className={styles.link}>
              {item.text}
            </NavLink>
          ))}
        </nav>
        <div className={styles.tools}>
          <LiveDot />
          <HeaderTools />
        </div>
        <div aria-hidden="true" className={styles.progress} data-busy={navigation.state === 'idle' ? 'no' : 'yes'} />
      </header>
      <StreamBanner />
      <main id="content" tabIndex={-1} className={styles.main}>
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </main>
      <ShortcutHelp />
      <ScrollRestoration />
    </div>
  );
}

function Logo() {
  return (
    <svg aria-hidden="true" width="24" height="24" viewBox="0 0 32 32">
      <rect width="32" height="32" rx="7" fill="#0072B2" />
      <path d="M7 23 15 6v17z" fill="#fff" />
      <path d="M17 11v12h9z" fill="#E69F00" />
    </svg>
  );
}
