// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { ReactNode } from 'react';

import styles from './DrawerFoot.module.css';

/** The buttons of a drawer, the one that does it last; start is for what takes away, far from it. */
export function DrawerFoot({ start, children }: { start?: ReactNode; children: ReactNode }) {
  return (
    <div className={styles.foot}>
      {start && <span className={styles.start}>{start}</span>}
      {children}
    </div>
  );
}
