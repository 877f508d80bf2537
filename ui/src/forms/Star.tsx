// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import styles from './forms.module.css';

/** Marks what is required; people who listen are told by the field itself. */
export function Star() {
  return (
    <span aria-hidden="true" className={styles.star}>
      *
    </span>
  );
}
