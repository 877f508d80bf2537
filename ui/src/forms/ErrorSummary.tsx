// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Alert } from 'antd';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';

import { errorText } from './errors';
import styles from './forms.module.css';
import { parsePointer } from './pointer';
import type { FormError } from './validate';

interface Props {
  errors: FormError[];
  label: (pointer: string) => string;
  /** The id of a field, by its pointer. */
  idOf?: (pointer: string) => string;
}

/** All that is wrong at the top of a form, each leading to its field; takes the focus when it appears. */
export function ErrorSummary({ errors, label, idOf }: Props) {
  const { t } = useTranslation('forms');
  const box = useRef<HTMLDivElement>(null);
  const count = errors.length;
  useEffect(() => {
    if (count > 0) box.current?.focus();
  }, [count]);
  if (count === 0) return null;
  return (
    <div ref={box} tabIndex={-1} role="alert" className={styles.summary}>
      <Alert
        type="error"
        showIcon
        title={t('summary', { count })}
        description={
          <ul>
            {errors.map((e) => {
              const text = errorText(t, e, label(e.path));
              return (
                <li key={e.path + e.code}>
                  {idOf ? (
                    <button type="button" className={styles.jump} onClick={() => jump(idOf(e.path))}>
                      {text}
                    </button>
                  ) : (
                    text
                  )}
                </li>
              );
            })}
          </ul>
        }
      />
    </div>
  );
}

/** Goes to a field, opening what it is folded into; to the nearest one around it where it is not shown. */
function jump(id: string): void {
  for (let name = id; name !== ''; name = name.slice(0, Math.max(0, name.lastIndexOf('_')))) {
    const element = document.getElementById(name);
    if (!element) continue;
    element.closest('details')?.setAttribute('open', '');
    element.focus();
    return;
  }
}

/** The id that the form library gives to a field. */
export function fieldId(prefix: string, pointer: string): string {
  return [prefix, ...parsePointer(pointer)].join('_');
}
