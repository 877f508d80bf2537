// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { App } from 'antd';
import { useCallback, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

interface Question {
  title: string;
  content: ReactNode;
  /** The word on the button that does it. */
  ok: string;
  danger?: boolean;
}

/** Asks before something that cannot be undone; the focus is on Cancel where it is dangerous. */
export function useConfirm(): (question: Question) => Promise<boolean> {
  const { modal } = App.useApp();
  const { t } = useTranslation();
  return useCallback(
    ({ title, content, ok, danger }) =>
      new Promise((answer) => {
        void modal.confirm({
          title,
          content,
          okText: ok,
          okButtonProps: { danger },
          cancelText: t('cancel'),
          autoFocusButton: danger ? 'cancel' : 'ok',
          onOk: () => answer(true),
          onCancel: () => answer(false),
        });
      }),
    [modal, t],
  );
}
