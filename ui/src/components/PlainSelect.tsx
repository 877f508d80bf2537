// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { SelectHTMLAttributes } from 'react';

import styles from './PlainSelect.module.css';

interface Props extends Omit<SelectHTMLAttributes<HTMLSelectElement>, 'onChange' | 'value'> {
  value: string;
  onChange: (value: string) => void;
  options: { value: string; label: string }[];
}

/** The browser's own select, for short lists: nothing to load, and what every keyboard and phone knows. */
export function PlainSelect({ value, onChange, options, className = '', ...rest }: Props) {
  return (
    <select {...rest} className={`${styles.select} ${className}`} value={value} onChange={(e) => onChange(e.target.value)}>
      {options.map((o) => (
        <option key={o.value} value={o.value}>
          {o.label}
        </option>
      ))}
    </select>
  );
}
