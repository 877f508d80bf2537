// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import type { FieldProps } from '@rjsf/utils';
import { Button, Input, InputNumber } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import styles from './forms.module.css';
import { Star } from './Star';
import { helpLanguage } from './uiSchema';

interface Row {
  id: number;
  key: string;
  value: unknown;
}

type MapValue = Record<string, unknown>;

/** An object with free keys, such as paths to ports: a row for each. Rows without a key are not part of the value yet. */
export function MapField({ fieldPathId, formData, onChange, schema, uiSchema, required, disabled, readonly, rawErrors }: FieldProps<MapValue>) {
  const { t } = useTranslation('forms');
  const [rows, setRows] = useState<Row[]>(() => rowsOf(formData));
  const [next, setNext] = useState(rows.length);
  const title = String(uiSchema?.['ui:title'] ?? '');
  const numeric = typeof schema.additionalProperties === 'object' && ['integer', 'number'].includes(String(schema.additionalProperties.type));
  const off = disabled === true || readonly === true;
  const id = fieldPathId.$id;

  // The value may have been changed elsewhere, as by the YAML editor.
  const [seen, setSeen] = useState(formData);
  if (seen !== formData) {
    setSeen(formData);
    if (JSON.stringify(valueOf(rows)) !== JSON.stringify(formData ?? {})) setRows(rowsOf(formData));
  }

  const change = (changed: Row[]) => {
    setRows(changed);
    const value = valueOf(changed);
    onChange(Object.keys(value).length === 0 ? undefined : value, fieldPathId.path);
  };
  const set = (row: Row, part: Partial<Row>) => change(rows.map((r) => (r.id === row.id ? { ...r, ...part } : r)));

  return (
    <fieldset className={styles.fieldset} id={id} tabIndex={-1} aria-invalid={rawErrors?.length ? true : undefined}>
      <legend>
        {title}
        {required && <Star />}
      </legend>
      {schema.description && (
        <div className={styles.help} lang={helpLanguage(uiSchema)}>
          {schema.description}
        </div>
      )}
      {rows.map((row, i) => (
        <div key={row.id} className={styles.pair}>
          <Input
            id={`${id}__key_${i}`}
            aria-label={t('keyOf', { name: title, n: i + 1 })}
            placeholder={t('key')}
            value={row.key}
            disabled={off}
            autoFocus={row.key === '' && rows.length > 1}
            onChange={(e) => set(row, { key: e.target.value })}
          />
          <span aria-hidden="true">→</span>
          {numeric ? (
            <InputNumber<number>
              id={`${id}_${row.key}`}
              aria-label={t('valueOf', { name: title, n: i + 1 })}
              placeholder={t('value')}
              precision={0}
              value={typeof row.value === 'number' ? row.value : null}
              disabled={off}
              onChange={(value) => set(row, { value: value ?? undefined })}
            />
          ) : (
            <Input
              id={`${id}_${row.key}`}
              aria-label={t('valueOf', { name: title, n: i + 1 })}
              placeholder={t('value')}
              value={typeof row.value === 'string' ? row.value : ''}
              disabled={off}
              onChange={(e) => set(row, { value: e.target.value })}
            />
          )}
          <Button
            type="text"
            icon={<DeleteOutlined />}
            disabled={off}
            aria-label={t('removeOf', { name: `${title} ${i + 1}` })}
            onClick={() => change(rows.filter((r) => r.id !== row.id))}
          />
        </div>
      ))}
      {!off && (
        <Button
          className={styles.addButton}
          icon={<PlusOutlined />}
          aria-label={t('addTo', { name: title })}
          onClick={() => {
            setRows([...rows, { id: next, key: '', value: numeric ? undefined : '' }]);
            setNext(next + 1);
          }}
        >
          {t('add')}
        </Button>
      )}
    </fieldset>
  );
}

function rowsOf(value: MapValue | undefined): Row[] {
  return Object.entries(value ?? {}).map(([key, v], id) => ({ id, key, value: v }));
}

function valueOf(rows: Row[]): MapValue {
  return Object.fromEntries(rows.filter((r) => r.key !== '').map((r) => [r.key, r.value]));
}
