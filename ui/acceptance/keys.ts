// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

import { nameOfFocused } from '../browser/keys';
import type { Person } from './person';

/** A person without a mouse. */
export class Keys {
  private readonly page: Page;

  constructor(person: Person) {
    this.page = person.page;
  }

  /** Tabs until something has the focus, and looks whether that can be seen. */
  async to(what: Locator, most = 120): Promise<void> {
    await what.waitFor({ state: 'attached' });
    const passed: string[] = [];
    while (!(await has(what))) {
      if (passed.length === most) throw new Error(`not reached by Tab: ${what.toString()}; passed ${passed.join(' | ')}`);
      await this.page.keyboard.press('Tab');
      passed.push(await nameOfFocused(this.page));
    }
    await this.seen(what);
  }

  async press(what: Locator): Promise<void> {
    await this.to(what);
    await this.page.keyboard.press('Enter');
  }

  /** Writes into a field in place of what is there. */
  async write(what: Locator, text: string): Promise<void> {
    await this.to(what);
    await this.page.keyboard.press('ControlOrMeta+a');
    await this.page.keyboard.type(text);
  }

  /** Chooses in a list that opens, by the beginning of a word. */
  async choose(what: Locator, text: string): Promise<void> {
    await this.to(what);
    await this.page.keyboard.type(text);
    await this.page.locator('.ant-select-dropdown:visible .ant-select-item-option-active').filter({ hasText: text }).waitFor();
    await this.page.keyboard.press('Enter');
  }

  /** Walks in a group of radio buttons from the chosen one to another. */
  async pick(group: Locator, radio: Locator): Promise<void> {
    await expect.poll(() => radio.isEnabled(), { message: 'it can be chosen' }).toBe(true);
    await this.to(group.getByRole('radio', { checked: true }));
    const radios = group.getByRole('radio');
    for (let i = 0; i < (await radios.count()) && !(await radio.isChecked()); i++) {
      const before = await radios.evaluateAll(chosen);
      await expect.poll(() => has(radios.nth(before)), { message: 'the chosen one has the focus' }).toBe(true);
      await this.page.keyboard.press('ArrowDown');
      await expect.poll(() => radios.evaluateAll(chosen)).not.toBe(before);
    }
    expect(await radio.isChecked()).toBe(true);
  }

  /** What has the focus looks different without it. */
  private async seen(what: Locator): Promise<void> {
    const clip = await what.evaluate((e) => {
      const own = e.getBoundingClientRect();
      const box = own.width < 4 || own.height < 4 ? (e.parentElement ?? e).getBoundingClientRect() : own;
      const x = Math.max(0, box.x - 8);
      const y = Math.max(0, box.y - 8);
      return { x, y, width: Math.min(innerWidth, box.right + 8) - x, height: Math.min(innerHeight, box.bottom + 8) - y };
    });
    const look = () => this.page.screenshot({ clip, animations: 'disabled', caret: 'hide' });
    const focused = await look();
    await what.evaluate((e) => (e as HTMLElement).blur());
    const plain = await look();
    await what.evaluate((e) => (e as HTMLElement).focus());
    expect(focused.equals(plain), `the focus is not seen on ${what.toString()}`).toBe(false);
  }
}

/** Which one of several radio buttons is chosen. */
function chosen(radios: Element[]): number {
  return radios.findIndex((r) => (r as HTMLInputElement).checked);
}

function has(what: Locator): Promise<boolean> {
  return what.evaluate((e) => e === document.activeElement);
}
