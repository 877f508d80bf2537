// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { Button, type ButtonProps } from 'antd';
import type { MouseEvent } from 'react';
import { useHref, useLinkClickHandler, type To } from 'react-router';

/** A link that looks like a button. */
export function LinkButton({ to, state, ...rest }: { to: To; state?: unknown } & Pick<ButtonProps, 'type' | 'danger' | 'size' | 'icon' | 'children' | 'autoFocus'>) {
  const href = useHref(to);
  const go = useLinkClickHandler<HTMLAnchorElement>(to, { state });
  return <Button {...rest} href={href} onClick={(e) => go(e as MouseEvent<HTMLAnchorElement>)} />;
}
