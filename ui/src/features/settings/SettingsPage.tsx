// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Radio, Switch } from 'antd';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';

import { Page, Panel } from '@/app/Page';
import { useShortcutsOn } from '@/app/shortcuts';
import { ShortcutList } from '@/app/ShortcutList';
import { changeLanguage, languages, tagOf, type Language } from '@/i18n/i18n';
import { useMe } from '@/session/session';
import { useTheme } from '@/theme/ThemeProvider';
import { preferences, type Preference } from '@/theme/theme';

import { PasswordForm } from './PasswordForm';
import styles from './SettingsPage.module.css';

/** What a person sets for themselves in this browser, and the password of a local account. */
export function Component() {
  const { t } = useTranslation('system');
  const { t: common, i18n } = useTranslation();
  const { choice, choose } = useTheme();
  const [on, turn] = useShortcutsOn();
  const me = useMe();
  const id = useId();
  return (
    <Page title={t('settings.title')}>
      <Panel title={common('language.label')}>
        <Radio.Group
          aria-label={common('language.label')}
          value={i18n.language}
          onChange={(e) => void changeLanguage(e.target.value as Language, true)}
          options={languages.map((l) => ({ value: l, label: <span lang={tagOf(l)}>{common(`language.${l}`)}</span> }))}
        />
      </Panel>
      <Panel title={common('theme.label')}>
        <Radio.Group
          aria-label={common('theme.label')}
          value={choice}
          onChange={(e) => choose(e.target.value as Preference)}
          options={preferences.map((p) => ({ value: p, label: common(`theme.${p}`) }))}
        />
      </Panel>
      <Panel title={t('settings.shortcuts')}>
        <p className={styles.line}>
          <Switch checked={on} onChange={turn} aria-labelledby={id} />
          <span id={id}>{t('settings.shortcutsOn')}</span>
        </p>
        <ShortcutList />
      </Panel>
      {me.data?.provider === 'local' && (
        <Panel title={common('password')}>
          <PasswordForm />
        </Panel>
      )}
    </Page>
  );
}
