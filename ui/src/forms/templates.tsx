// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { DeleteOutlined, DownOutlined, PlusOutlined, UpOutlined } from '@ant-design/icons';
import type {
  ArrayFieldItemTemplateProps,
  ArrayFieldTemplateProps,
  FieldTemplateProps,
  ObjectFieldTemplateProps,
  UiSchema,
} from '@rjsf/utils';
import { Button } from 'antd';
import { useTranslation } from 'react-i18next';

import styles from './forms.module.css';
import { Star } from './Star';
import { helpLanguage } from './uiSchema';

/** The id of a field's explanation and of its errors, for aria-describedby. */
export const helpId = (id: string) => `${id}__help`;
export const errorId = (id: string) => `${id}__error`;

export function FieldTemplate({ id, label, required, children, rawDescription, rawErrors, hidden, displayLabel, schema, uiSchema }: FieldTemplateProps) {
  if (hidden) return <div hidden>{children}</div>;
  // Switches come without a label of the library's own.
  const group = schema.type === 'object' || schema.type === 'array' || (!displayLabel && schema.type !== 'boolean');
  return (
    <div className={styles.field}>
      {!group && (
        <label htmlFor={id} className={styles.label}>
          {label}
          {required && <Star />}
        </label>
      )}
      {children}
      {!group && rawDescription && (
        <div id={helpId(id)} className={styles.help} lang={helpLanguage(uiSchema)}>
          {rawDescription}
        </div>
      )}
      {rawErrors && rawErrors.length > 0 && (
        <div id={errorId(id)} className={styles.error}>
          {rawErrors.join(' ')}
        </div>
      )}
    </div>
  );
}

/** The label of a group: the library hands on the name of the property alone. */
const titleOf = (title: string, uiSchema: UiSchema | undefined) => String(uiSchema?.['ui:title'] ?? title);

export function ObjectFieldTemplate({ title: name, description, properties, fieldPathId, required, formData, uiSchema }: ObjectFieldTemplateProps) {
  const title = titleOf(name, uiSchema);
  const body = <div className={styles.group}>{properties.map((p) => p.content)}</div>;
  const depth = fieldPathId.path.length;
  if (depth === 0) return body;
  if (typeof fieldPathId.path.at(-1) === 'number') return <div className={styles.columns}>{properties.map((p) => p.content)}</div>; // the item of a list has a frame already
  const filled = formData !== undefined && Object.keys(formData as object).length > 0;
  if (required) {
    return (
      <fieldset className={styles.fieldset}>
        <legend>
          {title}
          <Star />
        </legend>
        {body}
      </fieldset>
    );
  }
  return (
    <details className={styles.fieldset} open={filled || undefined}>
      <summary>{title}</summary>
      {description && (
        <div className={styles.help} lang={helpLanguage(uiSchema)}>
          {description}
        </div>
      )}
      {body}
    </details>
  );
}

export function ArrayFieldTemplate({ title: name, items, canAdd, onAddClick, schema, required, fieldPathId, disabled, readonly, uiSchema }: ArrayFieldTemplateProps) {
  const title = titleOf(name, uiSchema);
  const { t } = useTranslation('forms');
  return (
    <fieldset className={styles.fieldset} id={fieldPathId.$id} tabIndex={-1}>
      <legend>
        {title}
        {required && <Star />}
      </legend>
      {schema.description && (
        <div className={styles.help} lang={helpLanguage(uiSchema)}>
          {schema.description}
        </div>
      )}
      {items}
      {canAdd && !disabled && !readonly && (
        <Button className={styles.addButton} icon={<PlusOutlined />} onClick={onAddClick} aria-label={t('addTo', { name: title })}>
          {t('add')}
        </Button>
      )}
    </fieldset>
  );
}

export function ArrayFieldItemTemplate({ children, buttonsProps, index, hasToolbar, parentUiSchema }: ArrayFieldItemTemplateProps) {
  const { t } = useTranslation('forms');
  const { hasRemove, hasMoveUp, hasMoveDown, onRemoveItem, onMoveUpItem, onMoveDownItem, totalItems } = buttonsProps;
  const name = `${String(parentUiSchema?.['ui:title'] ?? '')} ${index + 1}`.trim();
  return (
    <div className={styles.item} role="group" aria-label={name}>
      <div className={styles.itemBody}>{children}</div>
      {hasToolbar && (
        <div className={styles.itemTools}>
          {totalItems > 1 && (
            <>
              <Button type="text" icon={<UpOutlined />} disabled={!hasMoveUp} onClick={onMoveUpItem} aria-label={t('moveUp', { name })} />
              <Button type="text" icon={<DownOutlined />} disabled={!hasMoveDown} onClick={onMoveDownItem} aria-label={t('moveDown', { name })} />
            </>
          )}
          {hasRemove && <Button type="text" icon={<DeleteOutlined />} onClick={onRemoveItem} aria-label={t('removeOf', { name })} />}
        </div>
      )}
    </div>
  );
}
