// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { i18n } from 'i18next';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';

import { sentenceSpace } from './i18n';

/** One sentence of the server: its format as it stands in the source, and the translation, where values stand as {1}, {2}. */
interface Pattern {
  matches: RegExp;
  translation: string;
  /** How much of it is fixed: of two that match, the one with more says more. */
  fixed: number;
}

const verb = /%(?:%|[+#]?[\d.]*[sdvqt])/g;
const patterns = new WeakMap<object, Pattern[]>();

function patternOf(format: string, translation: string): Pattern {
  let fixed = 0;
  const literal = (text: string) => {
    fixed += text.length;
    return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  };
  let source = '';
  let at = 0;
  for (const found of format.matchAll(verb)) {
    source += literal(format.slice(at, found.index));
    at = found.index + found[0].length;
    if (found[0] === '%%') source += '%';
    else if (found[0].endsWith('q')) source += '"(.*?)"';
    else if (found[0].endsWith('d')) source += '(-?\\d+)';
    else source += '([\\s\\S]*?)';
  }
  source += literal(format.slice(at));
  return { matches: new RegExp(`^${source}$`), translation, fixed };
}

function patternsOf(bundle: Record<string, string>): Pattern[] {
  const known = patterns.get(bundle);
  if (known) return known;
  const made = Object.entries(bundle)
    .map(([format, translation]) => patternOf(format, translation))
    .sort((a, b) => b.fixed - a.fixed);
  patterns.set(bundle, made);
  return made;
}

/** What the server said, by a table of its sentences; undefined where it is not in there. Parts of it that are sentences are translated too. */
export function translate(bundle: Record<string, string>, sentence: string): string | undefined {
  const exact = bundle[sentence];
  if (exact !== undefined) return exact;
  for (const { matches, translation } of patternsOf(bundle)) {
    const values = matches.exec(sentence);
    if (values) return translation.replace(/\{(\d)\}/g, (_, n: string) => inParts(bundle, values[Number(n)] ?? ''));
  }
  return undefined;
}

const joints = /[;:] /g;

/** Translates a text that several sentences were joined to; what is not known stays as it is. */
function inParts(bundle: Record<string, string>, text: string): string {
  const whole = translate(bundle, text);
  if (whole !== undefined) return whole;
  // A sentence may have such a mark itself: where it ends is where the rest is known.
  const places = [...text.matchAll(joints)].map((found) => found.index);
  const end = places.find((at) => translate(bundle, text.slice(at + 2)) !== undefined) ?? places[0];
  if (end === undefined) return text;
  const rest = text.slice(end + 2);
  const [head, tail] = [inParts(bundle, text.slice(0, end)), inParts(bundle, rest)];
  return tail === rest && head === text.slice(0, end) ? text : head + (text[end] === ';' ? '；' : '：') + tail;
}

/** A sentence of the server in the language of the page; as it is where there is no translation. */
export function sentenceIn(instance: i18n, sentence: string): string {
  const bundle = instance.getResourceBundle(instance.language, sentenceSpace) as Record<string, string> | undefined;
  if (!bundle || Object.keys(bundle).length === 0) return sentence;
  return translate(bundle, sentence) ?? inParts(bundle, sentence);
}

/** The function that says what the server said in the language of the page. */
export function useSentence(): (sentence: string) => string {
  const { i18n } = useTranslation();
  return useCallback((sentence) => sentenceIn(i18n, sentence), [i18n]);
}
