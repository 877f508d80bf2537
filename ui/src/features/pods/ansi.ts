// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

/** A piece of a line with one look. */
export interface Piece {
  text: string;
  /** 0 to 7 in the order of the terminal: black, red, green, yellow, blue, magenta, cyan, white. */
  colour: number | null;
  bold: boolean;
}

/* eslint-disable no-control-regex -- control characters are what is looked for */
/** Escape sequences: CSI, then OSC up to its end, then any other of two characters. */
const escape = /\u001b(?:\[([0-9;:]*)([ -/]*[@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\^_])/g;
/** Characters that move, erase or beep; a tab stays. */
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/* eslint-enable no-control-regex */

/** Splits a line of a log by its colours; everything else that a terminal would obey is left out. */
export function pieces(line: string): Piece[] {
  const all: Piece[] = [];
  let colour: number | null = null;
  let bold = false;
  let from = 0;
  const add = (text: string) => {
    const clean = text.replace(control, '');
    if (clean) all.push({ text: clean, colour, bold });
  };
  for (const match of line.matchAll(escape)) {
    add(line.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === 'm') [colour, bold] = apply(match[1] ?? '', colour, bold);
  }
  add(line.slice(from));
  return all;
}

/** The line without anything but text. */
export function plain(line: string): string {
  return pieces(line).map((p) => p.text).join('');
}

function apply(codes: string, colour: number | null, bold: boolean): [number | null, boolean] {
  const list = codes === '' ? [0] : codes.split(/[;:]/).map(Number);
  for (let i = 0; i < list.length; i++) {
    const code = list[i] ?? 0;
    if (code === 0) [colour, bold] = [null, false];
    else if (code === 1) bold = true;
    else if (code === 22) bold = false;
    else if (code === 39) colour = null;
    else if (code >= 30 && code <= 37) colour = code - 30;
    else if (code >= 90 && code <= 97) colour = code - 90;
    else if (code === 38 || code === 48) i += list[i + 1] === 2 ? 4 : 2; // colours of a palette: left out
  }
  return [colour, bold];
}
