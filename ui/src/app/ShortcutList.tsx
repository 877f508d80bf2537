// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useTranslation } from 'react-i18next';

import styles from './ShortcutList.module.css';
import { shortcuts, type ShortcutName } from './shortcuts';

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
