// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';

import { launch } from '../browser/browser';
import { Person, type Options } from './person';
import { stage, type Stage } from './stage';

/** One file of the script: an administrator sits at a browser, and others can come in. */
export class Chapter {
  readonly stage: Stage = stage();
  private browser: Browser | null = null;
  private first: Person | null = null;
  private readonly all: Person[] = [];

  /** Who is at the browser from the beginning. */
  get admin(): Person {
    if (!this.first) throw new Error('the chapter has not begun');
    return this.first;
  }

  /** A browser of its own for one more person. */
  async visitor(options: Partial<Options> = {}): Promise<Person> {
    if (!this.browser) throw new Error('the chapter has not begun');
    const person = await Person.enter(this.browser, { language: this.stage.language, url: this.stage.url, ...options });
    this.all.push(person);
    return person;
  }

  /** The same, signed in as a role. */
  async signedIn(role: string, options: Partial<Options> = {}): Promise<Person> {
    const person = await this.visitor(options);
    await person.signIn(role, this.stage.passwords[role]);
    return person;
  }

  async open(): Promise<void> {
    this.browser = await launch();
    this.first = await this.visitor();
  }

  async close(): Promise<void> {
    await this.browser?.close();
  }

  /** Who is at a browser now; the administrator first. */
  present(): Person[] {
    return this.all.filter((person) => !person.page.isClosed());
  }

  complaints(): string[] {
    return this.all.flatMap((person) => person.complaints);
  }
}

/** Begins a chapter; its steps go on where those of the one before it ended. */
export function chapter(options: { signedIn: boolean } = { signedIn: true }): Chapter {
  const c = new Chapter();
  beforeAll(async () => {
    await c.open();
    if (options.signedIn) await c.admin.signIn('admin', c.stage.passwords.admin);
  });
  afterAll(() => c.close());
  afterEach(async ({ task }) => {
    if (c.stage.shots) {
      mkdirSync(c.stage.shots, { recursive: true });
      const name = (task.name.split(' ')[0] ?? 'step') + `-${c.stage.language}`;
      for (const [i, who] of c.present().entries()) {
        const path = join(c.stage.shots, i === 0 ? `${name}.png` : `${name}-other${i}.png`);
        await who.page.screenshot({ path }).catch(() => undefined); // somebody of another step may leave just now
      }
    }
    expect(c.complaints()).toEqual([]);
  });
  return c;
}
