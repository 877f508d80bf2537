// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Tooltip } from 'antd';
import type { ReactNode } from 'react';

/** A control that cannot be used says why, on hover and on focus; without a reason it stands alone. */
export function Explained({ why, children }: { why: string | undefined; children: ReactNode }) {
  if (!why) return <>{children}</>;
  return (
    <Tooltip title={why}>
      {/* A disabled button gets neither focus nor pointer, so its frame does. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <span tabIndex={0} role="note" aria-label={why}>
        {children}
      </span>
    </Tooltip>
  );
}
