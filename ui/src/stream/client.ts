// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { StreamEvent } from '@/api/schema.gen';

import { cursorOf, initial, reduce, type Effect, type Input, type StreamState } from './reducer';

/** The part of EventSource that is used. */
export interface Source {
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

/** What the client needs from the world. */
export interface World {
  /** Opens a stream of topics; behind a cursor, which is what the page has, or from the beginning. */
  open: (topics: string[], after: string | null) => Source;
  changeTopics: (streamId: string, add: string[], remove: string[]) => Promise<void>;
  now: () => number;
  random: () => number;
  setTimer: (run: () => void, after: number) => number;
  clearTimer: (id: number) => void;
  /** New data of a topic. */
  onData: (topic: string, data: unknown) => void;
  /** A topic has to be asked for by the ordinary way. */
  onAsk: (topic: string) => void;
  /** The stream was refused or lost. */
  onLost: () => void;
}

const events: StreamEvent['event'][] = ['server', 'snapshot', 'patch', 'gone', 'denied', 'beat'];

/** One stream for the whole page: follows topics, decides by the reducer and does what it says. */
export class StreamClient {
  private state: StreamState = initial;
  private source: Source | null = null;
  private timer: number | null = null;
  private readonly followers = new Map<string, number>();
  private readonly listeners = new Set<() => void>();
  private pending: { add: Set<string>; remove: Set<string> } | null = null;

  constructor(private readonly world: World) {}

  snapshot = (): StreamState => this.state;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Follows a topic until the returned function is called; the same topic may be followed from several places. */
  follow(topic: string): () => void {
    const count = this.followers.get(topic) ?? 0;
    this.followers.set(topic, count + 1);
    if (count === 0) this.send({ kind: 'follow', topic });
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const rest = (this.followers.get(topic) ?? 1) - 1;
      if (rest > 0) {
        this.followers.set(topic, rest);
        return;
      }
      this.followers.delete(topic);
      this.send({ kind: 'unfollow', topic });
    };
  }

  send(input: Input): void {
    const [next, effects] = reduce(this.state, input);
    const changed = next !== this.state;
    this.state = next;
    for (const effect of effects) this.carryOut(effect);
    if (changed) for (const listener of this.listeners) listener();
  }

  private carryOut(effect: Effect): void {
    switch (effect.do) {
      case 'connect':
        return this.connectAfter(effect.after);
      case 'close':
        return this.close();
      case 'changeTopics':
        return this.changeTopics(effect.add, effect.remove);
      case 'data':
        return this.world.onData(effect.topic, effect.data);
      case 'ask':
        return this.world.onAsk(effect.topic);
    }
  }

  private connectAfter(delay: number): void {
    if (this.timer !== null) this.world.clearTimer(this.timer);
    this.timer = this.world.setTimer(() => {
      this.timer = null;
      this.open();
    }, delay);
  }

  private open(): void {
    const topics = Object.keys(this.state.topics);
    const source = this.world.open(topics, cursorOf(this.state));
    this.source = source;
    this.send({ kind: 'opened', topics });
    for (const name of events) {
      source.addEventListener(name, (e) => {
        if (this.source !== source) return;
        this.send({ kind: 'message', event: JSON.parse(e.data) as StreamEvent, cursor: e.lastEventId || undefined, now: this.world.now() });
      });
    }
    source.addEventListener('error', () => {
      if (this.source !== source) return;
      this.send({ kind: 'failed', now: this.world.now(), random: this.world.random() });
      this.world.onLost();
    });
  }

  private close(): void {
    if (this.timer !== null) this.world.clearTimer(this.timer);
    this.timer = null;
    this.source?.close();
    this.source = null;
  }

  /** Gathers what a change of page leaves and follows into one request. What was left and is followed again is asked for: its data was let go. */
  private changeTopics(add: string[], remove: string[]): void {
    if (!this.pending) {
      this.pending = { add: new Set(), remove: new Set() };
      this.world.setTimer(() => this.flush(), 0);
    }
    for (const topic of add) {
      this.pending.remove.delete(topic);
      this.pending.add.add(topic);
    }
    for (const topic of remove) {
      this.pending.add.delete(topic);
      this.pending.remove.add(topic);
    }
  }

  private flush(): void {
    const pending = this.pending;
    this.pending = null;
    const id = this.state.streamId;
    if (!pending || id === null || pending.add.size + pending.remove.size === 0) return;
    this.world.changeTopics(id, [...pending.add], [...pending.remove]).catch(() => {
      if (this.state.streamId === id) this.send({ kind: 'topicsRefused' });
    });
  }
}
