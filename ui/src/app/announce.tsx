// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';

type Announce = (text: string, urgency?: 'polite' | 'assertive') => void;

const AnnounceContext = createContext<Announce>(() => undefined);
const polite = 5000;

/** Says something to people who listen to the page. Polite words come at most every five seconds, the newest wins. */
export function useAnnounce(): Announce {
  return useContext(AnnounceContext);
}

export function Announcer({ children }: { children: ReactNode }) {
  const [status, setStatus] = useState('');
  const [alert, setAlert] = useState('');
  const waiting = useRef<string | null>(null);
  const timer = useRef<number | null>(null);

  useEffect(
    () => () => {
      if (timer.current !== null) window.clearTimeout(timer.current);
      timer.current = null;
    },
    [],
  );

  const announce = useCallback<Announce>((text, urgency = 'polite') => {
    if (urgency === 'assertive') {
      setAlert(text);
      return;
    }
    if (timer.current !== null) {
      waiting.current = text;
      return;
    }
    const speak = (words: string) => {
      setStatus(words);
      timer.current = window.setTimeout(() => {
        timer.current = null;
        const next = waiting.current;
        waiting.current = null;
        if (next !== null) speak(next);
      }, polite);
    };
    speak(text);
  }, []);

  return (
    <AnnounceContext value={useMemo(() => announce, [announce])}>
      {children}
      <div role="status" className="visually-hidden">
        {status}
      </div>
      <div role="alert" className="visually-hidden">
        {alert}
      </div>
    </AnnounceContext>
  );
}
