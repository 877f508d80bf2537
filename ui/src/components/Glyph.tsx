// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import styles from './Glyph.module.css';

/** The shapes that carry a state without colour. */
export type GlyphName = 'check' | 'cross' | 'pause' | 'play' | 'back' | 'dot' | 'ring' | 'stop' | 'question' | 'alert' | 'clock';

/** The colours of the visual language; 'plain' is the text's own. */
export type Tone = 'stable' | 'canary' | 'done' | 'failed' | 'waiting' | 'plain';

const paths: Record<GlyphName, string> = {
  check: 'M3 8.5 6.5 12 13 4.5',
  cross: 'M4 4l8 8M12 4l-8 8',
  pause: 'M5.5 4v8M10.5 4v8',
  play: 'M5.5 3.5v9l7-4.5z',
  back: 'M7 3.5 3 7.5l4 4M3.5 7.5H10a3 3 0 0 1 0 6H8',
  dot: 'M8 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z',
  ring: 'M8 3.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9z',
  stop: 'M4.5 4.5h7v7h-7z',
  question: 'M5.5 6a2.5 2.5 0 1 1 3.4 2.3c-.6.3-.9.7-.9 1.4M8 12.4v.2',
  alert: 'M8 3 2.5 13h11zM8 7v2.6M8 11.3v.2',
  clock: 'M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3zM8 5.5V8l1.8 1.2',
};

const filled: readonly GlyphName[] = ['dot', 'play', 'stop'];

/** A small drawing beside a text that says the same; hidden from screen readers. */
export function Glyph({ name, tone = 'plain', size = 16 }: { name: GlyphName; tone?: Tone; size?: number }) {
  return (
    <svg aria-hidden="true" className={`${styles.glyph} ${styles[tone]}`} width={size} height={size} viewBox="0 0 16 16">
      <path d={paths[name]} className={filled.includes(name) ? styles.filled : undefined} />
    </svg>
  );
}
