// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { expect, vi } from 'vitest';

import type { Language } from '@/i18n/i18n';

import { speak, type Word } from './words';

export interface Options {
  language: Language;
  /** Where this person finds VelaUX. */
  url: string;
  width?: number;
  height?: number;
  dark?: boolean;
}

/** Somebody in a browser of their own, and what their hands do again and again. */
export class Person {
  /** The application that they have to do with. */
  app = 'canary-demo';
  /** What the browser complained of: errors of scripts, violations of the security policy. */
  readonly complaints: string[] = [];
  readonly say: (word: Word) => string;

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly url: string,
    language: Language,
  ) {
    this.say = speak(language);
    page.on('pageerror', (error) => this.complaints.push(`script error: ${error.message}`));
    page.on('console', (message) => {
      if (message.text().startsWith('policy violated')) this.complaints.push(message.text());
    });
  }

  static async enter(browser: Browser, options: Options): Promise<Person> {
    const context = await browser.newContext({
      viewport: { width: options.width ?? 1280, height: options.height ?? 900 },
      colorScheme: options.dark ? 'dark' : 'light',
      locale: options.language === 'zh' ? 'zh-CN' : 'en-US',
      reducedMotion: 'reduce',
    });
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (e) => console.error(`policy violated: ${e.violatedDirective} ${e.blockedURI}`));
    });
    return new Person(context, page, options.url, options.language);
  }

  async signIn(name: string, password: string | undefined): Promise<void> {
    await this.visit(this.url);
    await this.page.getByLabel(this.say('userName'), { exact: true }).fill(name);
    await this.page.getByLabel(this.say('password'), { exact: true }).fill(password ?? '');
    await this.page.getByRole('button', { name: this.say('signIn'), exact: true }).click();
    await this.page.getByRole('heading', { name: this.say('applications'), level: 1 }).waitFor();
  }

  /**
   * Opens an address. With each pod the network of velad's machine changes, and a browser there gives up what it is loading: then it is
   * loaded again, as a person would.
   */
  async visit(address: string): Promise<void> {
    await vi.waitUntil(() => this.page.goto(address).then(() => this.isThere()).catch(() => false), { timeout: 90_000, interval: 100 });
  }

  private async isThere(): Promise<boolean> {
    const title = this.page.locator('main').locator('h1, h2').first();
    await title.waitFor({ timeout: 15_000 });
    return (await title.innerText()) !== this.say('otherBundle');
  }

  leave(): Promise<void> {
    return this.context.close();
  }

  /** The address of a page of the application. */
  at(rest = ''): string {
    return `${this.url}/apps/default/${this.app}${rest}`;
  }

  dialog(): Locator {
    return this.page.getByRole('dialog').last();
  }

  button(word: Word, within: Page | Locator = this.page): Locator {
    return within.getByRole('button', { name: this.say(word), exact: true });
  }

  /** Presses what is called so, be it a link or a button. */
  async press(word: Word): Promise<void> {
    const name = this.say(word);
    await this.page.getByRole('link', { name, exact: true }).or(this.page.getByRole('button', { name, exact: true })).first().click();
  }

  /** Presses a button of the release's bar, and the one of the same name that confirms it. */
  async decide(word: 'continue' | 'rollback'): Promise<void> {
    await this.button(word).click();
    await this.button(word, this.dialog()).click();
    await expect.poll(() => this.page.getByRole('dialog').count()).toBe(0);
  }

  /** Chooses in a list that opens. */
  async choose(label: string, option: string | RegExp): Promise<void> {
    await this.dialog().getByLabel(label, { exact: true }).click();
    await this.page.locator('.ant-select-dropdown:visible .ant-select-item-option').filter({ hasText: option }).first().click();
  }

  /** Opens the drawer for a trait, fills its form in and stores it. */
  async addTrait(type: RegExp, fill: () => Promise<void>): Promise<void> {
    await this.page.getByRole('link', { name: this.say('addTrait') }).or(this.page.getByRole('button', { name: this.say('addTrait') })).first().click();
    await this.choose(this.say('type'), type);
    await fill();
    await this.button('create', this.dialog()).click();
    await expect.poll(() => this.page.getByRole('dialog').count()).toBe(0);
  }

  async openDeploy(): Promise<void> {
    await this.press('deploy');
    await this.dialog().waitFor();
  }

  /** Stores another image as a change that is not deployed. */
  async changeImage(tag: string): Promise<void> {
    await this.visit(this.at('/config'));
    await this.page.getByRole('region', { name: this.say('components') }).getByRole('link', { name: this.app, exact: true }).click();
    await this.dialog().getByLabel(new RegExp(`^${this.say('containerImage')}`)).fill(image(tag));
    await this.button('update', this.dialog()).click();
    await this.page.getByText(this.say('undeployed')).first().waitFor();
  }

  /** Changes the image and deploys it by the canary workflow; the page is that of the run then. */
  async deployByCanary(tag: string): Promise<void> {
    await this.changeImage(tag);
    await this.openDeploy();
    await this.dialog().getByRole('radio', { name: new RegExp(this.say('canaryWorkflow')) }).check();
    await this.button('deploy', this.dialog()).click();
  }

  async releaseByCanary(tag: string): Promise<void> {
    await this.deployByCanary(tag);
    await this.page.waitForURL(/\/runs\//);
    await this.suspendedAt(33);
  }

  /** Waits until the page of the run says that it waits, at a share. */
  async suspendedAt(share: number): Promise<void> {
    await expect.poll(() => this.page.getByRole('meter').first().getAttribute('aria-valuenow'), { timeout: 60_000 }).toBe(String(share));
    await this.page.getByText(new RegExp(this.say('suspended'))).first().waitFor({ timeout: 60_000 });
  }

  async rolledBack(): Promise<void> {
    await this.page.getByRole('main').getByText(this.say('rolledBack'), { exact: true }).first().waitFor({ timeout: 60_000 });
  }

  /** How many pods of each image the table of resources shows: columns name, kind, status, version, image. */
  async pods(): Promise<Record<string, number>> {
    if (!this.page.url().includes('/topology?view=table')) await this.visit(this.at('/topology?view=table'));
    await this.page.getByRole('treegrid').waitFor();
    const rows = await this.page.getByRole('treegrid').locator('tbody tr').evaluateAll((all) => all.map((row) => [...(row as HTMLTableRowElement).cells].map((c) => c.innerText.trim())));
    const count: Record<string, number> = {};
    for (const [, kind, , , tag = ''] of rows) {
      if (kind === 'Pod') count[tag] = (count[tag] ?? 0) + 1;
    }
    return count;
  }

  /** Waits until the table of resources shows these pods: the page follows by itself. */
  async podsBecome(want: Record<string, number>): Promise<void> {
    await expect.poll(() => this.pods(), { timeout: 60_000, interval: 250 }).toEqual(want);
  }

  /** Asks the server with the rights of this person, past the page's controls. */
  ask(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
    return this.page.evaluate(
      async ([how, where, what]) => {
        const answer = await fetch(`/api/v1${where}`, {
          method: how,
          ...(what !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(what) }),
        });
        return { status: answer.status, text: await answer.text() };
      },
      [method, path, body] as const,
    );
  }

  /** What is said of the application's release: its run, and the step that waits. */
  async release(): Promise<{ run: string; step: string }> {
    const { text } = await this.ask('GET', `/apps/default/${this.app}/overview`);
    const { run, next } = JSON.parse(text) as { run?: { id: string }; next?: { stepId?: string } };
    return { run: run?.id ?? '', step: next?.stepId ?? '' };
  }
}

/** A version of the demo program. */
export function image(tag: string): string {
  return `wangyikewyk/canarydemo:${tag}`;
}
