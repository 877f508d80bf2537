// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { theme as antd, type ThemeConfig } from 'antd';

/** What a person chose; 'system' follows the operating system. */
export type Preference = 'light' | 'dark' | 'system';
/** What is shown. */
export type Scheme = 'light' | 'dark';

export const preferences: readonly Preference[] = ['light', 'dark', 'system'];

/** Resolves a choice, given whether the operating system asks for dark. */
export function resolve(choice: Preference, systemIsDark: boolean): Scheme {
  if (choice !== 'system') return choice;
  return systemIsDark ? 'dark' : 'light';
}

/** Reads a stored choice; anything unknown is 'system'. */
export function readPreference(stored: string | null): Preference {
  return preferences.find((p) => p === stored) ?? 'system';
}

const common = {
  fontFamily: 'var(--font)',
  fontFamilyCode: 'var(--font-mono)',
  borderRadius: 8,
  wireframe: false,
} as const;

/** The component library's theme that goes with tokens.css. */
export function antdTheme(scheme: Scheme, still: boolean): ThemeConfig {
  const dark = scheme === 'dark';
  return {
    algorithm: dark ? antd.darkAlgorithm : antd.defaultAlgorithm,
    cssVar: { key: 'velaux' },
    hashed: false,
    token: {
      ...common,
      motion: !still,
      colorPrimary: dark ? '#2f8fcb' : '#0072b2',
      // White stands on it, so it gets darker under the mouse, not lighter.
      colorPrimaryHover: dark ? '#2672a5' : '#005f96',
      colorPrimaryActive: dark ? '#1f6494' : '#004f7d',
      colorInfo: dark ? '#2f8fcb' : '#0072b2',
      colorLink: dark ? '#6cbcf0' : '#005f96',
      colorSuccess: '#009e73',
      colorError: dark ? '#ff9d5c' : '#b34e00',
      colorErrorText: dark ? '#f79a5c' : '#a04500',
      colorWarning: dark ? '#e69f00' : '#9a6700',
      colorErrorBg: dark ? '#2c1d11' : '#fdeadd',
      colorErrorBorder: dark ? '#8a4a1c' : '#e0a277',
      colorWarningBg: dark ? '#2a2310' : '#fdf3dc',
      colorWarningBorder: dark ? '#7d6118' : '#d9b463',
      colorInfoBg: dark ? '#14283a' : '#e3f1fa',
      colorInfoBorder: dark ? '#2f6d9a' : '#8fc3e3',
      colorText: dark ? '#e8edf2' : '#16202a',
      colorTextSecondary: dark ? '#a9b6c2' : '#4c5966',
      colorTextTertiary: dark ? '#a9b6c2' : '#4c5966',
      colorTextDescription: dark ? '#a9b6c2' : '#4c5966',
      colorTextPlaceholder: dark ? '#98a6b3' : '#5f6c78',
      colorTextDisabled: dark ? '#98a6b3' : '#66727d',
      colorBorder: dark ? '#6b7a88' : '#8a96a1',
      colorBorderSecondary: dark ? '#33414e' : '#d5dce3',
      colorBgLayout: dark ? '#0f151b' : '#f6f8fa',
      colorBgContainer: dark ? '#171f27' : '#ffffff',
      colorBgElevated: dark ? '#1e2832' : '#ffffff',
    },
    components: {
      Table: { headerBg: dark ? '#1e2832' : '#f1f4f7', cellPaddingBlock: 10 },
      Tabs: { itemSelectedColor: dark ? '#6cbcf0' : '#005f96', itemHoverColor: dark ? '#6cbcf0' : '#005f96', itemActiveColor: dark ? '#6cbcf0' : '#005f96' },
      Button: { primaryShadow: 'none', defaultShadow: 'none', dangerShadow: 'none', dangerColor: dark ? '#1f1206' : '#ffffff' },
    },
  };
}
