// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useRef, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'react-router';

import styles from './Page.module.css';

interface Props {
  title: string;
  /** What stands in the window's title; the title without it. */
  windowTitle?: string;
  /** Beside the title. */
  extra?: ReactNode;
  /** At the right end of the title's line. */
  actions?: ReactNode;
  children: ReactNode;
}

/** The frame of a page: sets the window's title, and takes the focus to the heading when the person came from another page. */
export function Page({ title, windowTitle, extra, actions, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  usePageTitle(windowTitle ?? title);
  useHeadingFocus(heading);
  return (
    <div className={styles.page}>
      <div className={styles.head}>
        <h1 ref={heading} tabIndex={-1} className={styles.title}>
          {title}
        </h1>
        {extra}
        {actions && <div className={styles.actions}>{actions}</div>}
      </div>
      {children}
    </div>
  );
}

/** Sets the window's title while the component is there. */
export function usePageTitle(page: string): void {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = t('pageTitle', { page });
  }, [page, t]);
}

/** The first page keeps the browser's focus; later ones take it, so that reading goes on at the new heading. */
function useHeadingFocus(heading: { current: HTMLElement | null }): void {
  const { key } = useLocation();
  const first = useRef(key);
  useEffect(() => {
    if (first.current === 'default') return;
    heading.current?.focus({ preventScroll: true });
  }, [heading]);
}

/** A part of a page with a frame around it. */
export function Panel({ title, extra, children, label }: { title?: string; extra?: ReactNode; children: ReactNode; label?: string }) {
  return (
    <section className={styles.panel} aria-label={label ?? title}>
      {(title || extra) && (
        <header className={styles.panelHead}>
          {title && <h2>{title}</h2>}
          {extra}
        </header>
      )}
      {children}
    </section>
  );
}
