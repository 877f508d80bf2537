// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { Locale } from 'antd/es/locale';
import i18next, { type i18n } from 'i18next';
import { initReactI18next } from 'react-i18next';

import type en from './en';

export const languages = ['en', 'zh'] as const;
export type Language = (typeof languages)[number];
export type Resources = typeof en;
export type Namespace = keyof Resources;

const storageKey = 'velaux.language';

/** Where i18next keeps the server's sentences; no namespace of texts, since its keys are the sentences themselves. */
export const sentenceSpace = 'sentences';

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'common';
    resources: Resources;
  }
}

/** The tag for Intl and for <html lang>. */
export function tagOf(language: Language): string {
  return language === 'zh' ? 'zh-CN' : 'en';
}

/** Chooses the language: what the person set, else the first one that the browser asks for and that we have, else English. */
export function negotiate(stored: string | null, wanted: readonly string[]): Language {
  const known = (tag: string) => languages.find((l) => tag === l || tag.toLowerCase().startsWith(`${l}-`));
  if (stored) {
    const chosen = known(stored);
    if (chosen) return chosen;
  }
  for (const tag of wanted) {
    const found = known(tag);
    if (found) return found;
  }
  return 'en';
}

/** Everything that one language needs, in one chunk of the bundle. */
interface Bundle {
  texts: Record<Namespace, object>;
  components: Locale;
  /** What the server says in English, by its formats; none for English itself. */
  sentences: Record<string, string>;
}

const loaders: Record<Language, () => Promise<Bundle>> = {
  en: async () => {
    const [texts, components] = await Promise.all([import('./en'), import('antd/es/locale/en_US')]);
    return { texts: texts.default, components: components.default, sentences: {} };
  },
  zh: async () => {
    const [texts, components, sentences] = await Promise.all([import('./zh'), import('antd/es/locale/zh_CN'), import('./zh/sentences.json')]);
    return { texts: texts.default, components: components.default, sentences: sentences.default };
  },
};

const componentLocales = new Map<Language, Locale>();

/** The component library's words; the language must have been loaded. */
export function componentLocale(language: string): Locale | undefined {
  return componentLocales.get(language as Language);
}

async function load(instance: i18n, language: Language): Promise<void> {
  if (componentLocales.has(language) && instance.hasResourceBundle(language, 'common')) return;
  const bundle = await loaders[language]();
  for (const [ns, texts] of Object.entries(bundle.texts)) instance.addResourceBundle(language, ns, texts);
  instance.addResourceBundle(language, sentenceSpace, bundle.sentences);
  componentLocales.set(language, bundle.components);
}

/** Starts i18next in the language of the person; resolves when the texts are there. */
export async function startI18n(language?: Language): Promise<i18n> {
  const first = language ?? negotiate(localStorage.getItem(storageKey), navigator.languages);
  await i18next.use(initReactI18next).init({
    lng: first,
    fallbackLng: false,
    supportedLngs: [...languages],
    defaultNS: 'common',
    resources: {},
    interpolation: { escapeValue: false }, // React escapes
    react: { useSuspense: false },
    returnNull: false,
  });
  await changeLanguage(first);
  return i18next;
}

/** Switches the page to a language and remembers it. */
export async function changeLanguage(language: Language, remember = false): Promise<void> {
  await load(i18next, language);
  if (remember) localStorage.setItem(storageKey, language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = tagOf(language);
}
