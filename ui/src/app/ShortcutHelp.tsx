// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { lazy, Suspense, useState } from 'react';
import { useMatch, useNavigate } from 'react-router';

import { paths } from './paths';
import { useShortcut, type ShortcutName } from './shortcuts';

const ShortcutDialog = lazy(() => import('./ShortcutDialog'));

const global = ['help', 'search', 'home', 'apps', 'system'] as const satisfies ShortcutName[];
const ofApp = ['overview', 'topology', 'pods', 'logs', 'revisions'] as const satisfies ShortcutName[];

/** Listens to the keys that work on every page, and shows which there are. */
export function ShortcutHelp() {
  const navigate = useNavigate();
  const here = useMatch('/apps/:ns/:app/*');
  const [open, setOpen] = useState(false);
  const { ns, app } = here?.params ?? {};

  useShortcut(global, (name) => {
    if (name === 'help') setOpen(true);
    else if (name === 'search') document.querySelector<HTMLInputElement>('[role="search"] input')?.focus();
    else if (name === 'home' || name === 'apps' || name === 'system') void navigate(paths[name]);
  });
  useShortcut(ofApp, (name) => {
    if (!ns || !app || app === 'new') return;
    void navigate(name === 'overview' ? paths.app(ns, app) : paths[name as Exclude<(typeof ofApp)[number], 'overview'>](ns, app));
  });

  return <Suspense>{open && <ShortcutDialog onClose={() => setOpen(false)} />}</Suspense>;
}
