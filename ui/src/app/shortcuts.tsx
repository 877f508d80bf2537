// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useEffect, useRef, useSyncExternalStore } from 'react';

/** Keys by what they do. Two letters are pressed one after the other. */
export const shortcuts = {
  help: '?',
  search: '/',
  home: 'g h',
  apps: 'g a',
  system: 'g s',
  overview: 'g o',
  topology: 'g t',
  pods: 'g i',
  logs: 'g l',
  revisions: 'g r',
  continue: 'c',
} as const;

export type ShortcutName = keyof typeof shortcuts;

const storageKey = 'velaux.shortcuts';
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether single keys do something: who speaks to the computer can turn them off (WCAG 2.1.4). */
export function useShortcutsOn(): [boolean, (on: boolean) => void] {
  const on = useSyncExternalStore(subscribe, () => localStorage.getItem(storageKey) !== 'off');
  const turn = (wanted: boolean) => {
    if (wanted) localStorage.removeItem(storageKey);
    else localStorage.setItem(storageKey, 'off');
    for (const l of listeners) l();
  };
  return [on, turn];
}

/** What has been pressed so far, and what a further key completes; pure. */
export function press(before: string, key: string): { name: ShortcutName | null; pressed: string } {
  const whole = before ? `${before} ${key}` : key;
  const entries = Object.entries(shortcuts) as [ShortcutName, string][];
  const name = entries.find(([, keys]) => keys === whole)?.[0] ?? null;
  if (name) return { name, pressed: '' };
  if (entries.some(([, keys]) => keys.startsWith(`${whole} `))) return { name: null, pressed: whole };
  return before ? press('', key) : { name: null, pressed: '' };
}

/** Runs when the keys of a shortcut are pressed outside of fields and dialogs. */
export function useShortcut(wanted: ShortcutName | readonly ShortcutName[], run: (name: ShortcutName) => void): void {
  const [on] = useShortcutsOn();
  const latest = useRef(run);
  const names = typeof wanted === 'string' ? wanted : wanted.join(',');
  useEffect(() => {
    latest.current = run;
  });
  useEffect(() => {
    if (!on) return undefined;
    let pressed = '';
    const listen = (e: KeyboardEvent) => {
      if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || isTyping(e.target)) return;
      const step = press(pressed, e.key);
      pressed = step.pressed;
      if (step.name && names.split(',').includes(step.name)) {
        e.preventDefault();
        latest.current(step.name);
      }
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, [on, names]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable="true"], [role="dialog"], [role="menu"], .xterm') !== null;
}
