// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import js from '@eslint/js';
import i18next from 'eslint-plugin-i18next';
import jsxA11y from 'eslint-plugin-jsx-a11y';
import reactHooks from 'eslint-plugin-react-hooks';
import globals from 'globals';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist', 'src/api/schema.gen.ts'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    files: ['src/**/*.{ts,tsx}'],
    plugins: { 'react-hooks': reactHooks, i18next },
    extends: [jsxA11y.flatConfigs.strict],
    languageOptions: { globals: globals.browser },
    rules: {
      ...reactHooks.configs.recommended.rules,
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-restricted-properties': ['error', { property: 'dangerouslySetInnerHTML', message: 'Markup from the cluster is text here.' }],
      'no-restricted-syntax': [
        'error',
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: 'Markup from the cluster is text here.' },
      ],
      'max-lines': ['error', { max: 500, skipBlankLines: true, skipComments: true }],
      'jsx-a11y/no-autofocus': 'off', // the first field of a dialog is where a keyboard user has to be
    },
  },
  {
    files: ['src/**/*.tsx'],
    ignores: ['src/**/*.test.tsx', 'src/test/**'],
    rules: {
      'i18next/no-literal-string': [
        'error',
        {
          mode: 'jsx-only',
          'jsx-attributes': { include: ['^(title|label|alt|placeholder|aria-label|description|okText|cancelText)$'] },
          words: { exclude: ['[^A-Za-z\u4e00-\u9fff]+', 'YAML', 'VelaUX'] },
          callees: { exclude: ['.*'] },
        },
      ],
    },
  },
  {
    files: ['scripts/**', 'browser/**', 'acceptance/**', '*.ts', '*.js'],
    languageOptions: { globals: globals.node },
  },
);
