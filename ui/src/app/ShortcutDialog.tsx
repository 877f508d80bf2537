// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Modal } from 'antd';
import { useTranslation } from 'react-i18next';

import { ShortcutList } from './ShortcutList';
import { useReturnFocus } from './useReturnFocus';

/** The keys in a dialog. */
export default function ShortcutDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('system');
  const { t: common } = useTranslation();
  useReturnFocus();
  return (
    <Modal open title={t('settings.shortcuts')} footer={null} onCancel={onClose} closable={{ 'aria-label': common('close') }}>
      <ShortcutList />
    </Modal>
  );
}
