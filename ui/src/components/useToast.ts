// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { App } from 'antd';
import { useCallback, useMemo } from 'react';

import { useAnnounce } from '@/app/announce';

import { useProblemText } from './Problem';

/** Short messages that are seen and heard. */
export function useToast() {
  const { message } = App.useApp();
  const announce = useAnnounce();
  const problemText = useProblemText();
  const done = useCallback(
    (text: string) => {
      void message.success(text);
      announce(text);
    },
    [message, announce],
  );
  const failed = useCallback(
    (error: unknown) => {
      const text = problemText(error);
      void message.error(text);
      announce(text, 'assertive');
    },
    [message, announce, problemText],
  );
  return useMemo(() => ({ done, failed }), [done, failed]);
}
