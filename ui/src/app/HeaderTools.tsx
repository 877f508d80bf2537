// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { BulbOutlined, UserOutlined } from '@ant-design/icons';
import { Button, Dropdown, type MenuProps } from 'antd';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';

import { useToast } from '@/components/useToast';
import { changeLanguage, tagOf, type Language } from '@/i18n/i18n';
import { useLogout, useMe } from '@/session/session';
import { useTheme } from '@/theme/ThemeProvider';
import { preferences, type Preference } from '@/theme/theme';

import { paths } from './paths';

/** Language, theme and account. */
export function HeaderTools() {
  return (
    <>
      <LanguageButton />
      <ThemeMenu />
      <AccountMenu />
    </>
  );
}

/** Switches to the other language; its name stands in that language. */
export function LanguageButton() {
  const { t, i18n } = useTranslation();
  const other: Language = i18n.language === 'zh' ? 'en' : 'zh';
  return (
    <Button type="text" lang={tagOf(other)} onClick={() => void changeLanguage(other, true)}>
      {t(`language.${other}`)}
    </Button>
  );
}

export function ThemeMenu() {
  const { t } = useTranslation();
  const { choice, choose } = useTheme();
  const menu: MenuProps = {
    selectable: true,
    selectedKeys: [choice],
    items: preferences.map((p) => ({ key: p, label: t(`theme.${p}`) })),
    onClick: ({ key }) => choose(key as Preference),
  };
  return (
    <Dropdown menu={menu} trigger={['click']} autoFocus destroyOnHidden>
      <Button type="text" icon={<BulbOutlined />} aria-label={t('theme.label')} aria-haspopup="menu" />
    </Dropdown>
  );
}

function AccountMenu() {
  const { t } = useTranslation();
  const { t: system } = useTranslation('system');
  const navigate = useNavigate();
  const me = useMe();
  const logout = useLogout();
  const toast = useToast();
  const name = me.data?.displayName || me.data?.username || '';
  const menu: MenuProps = {
    items: [
      { key: 'who', label: t('account.signedInAs', { name }), disabled: true },
      { type: 'divider' },
      { key: 'settings', label: system('settings.title') },
      { key: 'out', label: t('account.signOut') },
    ],
    onClick: ({ key }) => {
      if (key === 'settings') void navigate(paths.settings);
      if (key === 'out') logout.mutate(undefined, { onError: toast.failed });
    },
  };
  return (
    <Dropdown menu={menu} trigger={['click']} autoFocus destroyOnHidden>
      <Button type="text" icon={<UserOutlined />} aria-label={t('account.label')} aria-haspopup="menu" />
    </Dropdown>
  );
}
