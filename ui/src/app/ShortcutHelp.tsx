// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Modal } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMatch, useNavigate } from 'react-router';

import { paths } from './paths';
import styles from './ShortcutHelp.module.css';
import { shortcuts, useShortcut, type ShortcutName } from './shortcuts';

const global = ['help', 'search', 'home', 'apps', 'system'] as const satisfies ShortcutName[];
const ofApp = ['overview', 'topology', 'pods', 'logs', 'revisions'] as const satisfies ShortcutName[];

/** Listens to the keys that work on every page, and shows which there are. */
export function ShortcutHelp() {
  const { t } = useTranslation('system');
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

  return (
    <Modal open={open} title={t('settings.shortcuts')} footer={null} onCancel={() => setOpen(false)} destroyOnHidden>
      <ShortcutList />
    </Modal>
  );
}

/** All keys and what they do. */
export function ShortcutList() {
  const { t } = useTranslation('system');
  return (
    <dl className={styles.list}>
      {(Object.keys(shortcuts) as ShortcutName[]).map((name) => (
        <div key={name} className={styles.row}>
          <dt>
            {shortcuts[name].split(' ').map((key) => (
              <kbd key={key} className={styles.key}>
                {key}
              </kbd>
            ))}
          </dt>
          <dd>{t(`shortcut.${name}`)}</dd>
        </div>
      ))}
    </dl>
  );
}
