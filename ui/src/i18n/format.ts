// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { tagOf, type Language } from './i18n';

export interface Format {
  /** A number with the language's separators. */
  number: (n: number) => string;
  /** A share: 33 becomes "33%", 32.6 with one digit "32.6%". */
  percent: (n: number, digits?: number) => string;
  /** A point in time with its zone, to the second. */
  dateTime: (at: string | Date) => string;
  /** A point in time to the minute of the present day, else with the date. */
  short: (at: string | Date, now: Date) => string;
  /** "3 minutes ago", in the largest unit that fits. */
  ago: (at: string | Date, now: Date) => string;
  /** A length of time in the two largest units: "2 min 5 sec". */
  duration: (milliseconds: number) => string;
  list: (items: string[]) => string;
}

const units: [Intl.RelativeTimeFormatUnit & ('day' | 'hour' | 'minute' | 'second'), number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
];

/** Formats for a language; pure, the present time is a parameter. */
export function formats(language: Language): Format {
  const tag = tagOf(language);
  const dateTime = new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'long' });
  const day = new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'short' });
  const time = new Intl.DateTimeFormat(tag, { timeStyle: 'medium' });
  const number = new Intl.NumberFormat(tag);
  const relative = new Intl.RelativeTimeFormat(tag, { numeric: 'auto' });
  const list = new Intl.ListFormat(tag, { type: 'conjunction' });
  const unitOf = (unit: string) => new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay: 'short' });
  return {
    number: (n) => number.format(n),
    percent: (n, digits = 0) =>
      new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: digits }).format(n / 100),
    dateTime: (at) => dateTime.format(new Date(at)),
    short: (at, now) => {
      const date = new Date(at);
      return date.toDateString() === now.toDateString() ? time.format(date) : day.format(date);
    },
    ago: (at, now) => {
      const passed = new Date(at).getTime() - now.getTime();
      const [unit, size] = units.find(([, s]) => Math.abs(passed) >= s) ?? ['second', 1000];
      return relative.format(Math.trunc(passed / size), unit);
    },
    duration: (milliseconds) => {
      let rest = Math.max(0, Math.round(milliseconds / 1000)) * 1000;
      const parts: string[] = [];
      for (const [unit, size] of units) {
        const count = Math.floor(rest / size);
        rest -= count * size;
        if (count > 0) parts.push(unitOf(unit).format(count));
      }
      return parts.slice(0, 2).join(' ') || unitOf('second').format(0);
    },
    list: (items) => list.format(items),
  };
}

/** Formats for the language of the page. */
export function useFormat(): Format {
  const { i18n } = useTranslation();
  return useMemo(() => formats(i18n.language as Language), [i18n.language]);
}
