// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { StreamEvent } from '@/api/schema.gen';

import { mergePatch } from './mergePatch';

/** Milliseconds without a stream after which the page asks by itself and says that it is behind. */
export const pollAfter = 20_000;
/** Milliseconds without any event after which the line is lost, though nothing says so; the server sends a beat every fifteen seconds. */
export const silentAfter = 40_000;
/** Milliseconds a hidden page keeps its stream. */
export const sleepAfter = 300_000;
const firstDelay = 1000;
const longestDelay = 10_000;

/** How a topic stands: data is there, is not there (any more), or may not be seen. */
export type TopicState = 'waiting' | 'live' | 'gone' | 'denied';

export interface Topic {
  state: TopicState;
  version?: string;
  data?: unknown;
  code?: string;
  params?: Record<string, string>;
}

/**
 * connecting: the first try; live: events come; retrying: lost, another try is planned; polling: lost for so long that
 * pages ask by themselves; asleep: given up because nobody looks.
 */
export type Phase = 'idle' | 'connecting' | 'live' | 'retrying' | 'polling' | 'asleep';

export interface StreamState {
  phase: Phase;
  streamId: string | null;
  /** How many tries failed in a row. */
  failures: number;
  /** When the stream was lost, or began to be missing; milliseconds. */
  lostAt: number | null;
  lastEventAt: number | null;
  hiddenAt: number | null;
  serverVersion: string | null;
  /** The server is another one than that which sent this page. */
  otherVersion: boolean;
  topics: Record<string, Topic>;
  /** What the connection that is under way, or the one there is, was opened for. */
  openedFor: readonly string[];
  /** The server's word for what the page has. */
  cursor: string | null;
}

export type Input =
  | { kind: 'opened'; topics: readonly string[] }
  | { kind: 'follow'; topic: string }
  | { kind: 'unfollow'; topic: string }
  | { kind: 'message'; event: StreamEvent; cursor?: string; now: number }
  | { kind: 'failed'; now: number; random: number }
  | { kind: 'topicsRefused' }
  | { kind: 'hidden'; now: number }
  | { kind: 'visible' }
  | { kind: 'tick'; now: number }
  | { kind: 'signedOut' };

/** What is to be done in the world; the client does it. */
export type Effect =
  | { do: 'connect'; after: number }
  | { do: 'close' }
  | { do: 'changeTopics'; add: string[]; remove: string[] }
  | { do: 'data'; topic: string; data: unknown }
  | { do: 'ask'; topic: string };

export const initial: StreamState = {
  phase: 'idle',
  streamId: null,
  failures: 0,
  lostAt: null,
  lastEventAt: null,
  hiddenAt: null,
  serverVersion: null,
  otherVersion: false,
  topics: {},
  openedFor: [],
  cursor: null,
};

/** Where a new stream may go on; null where the page lacks something, so that it has to begin anew. */
export function cursorOf(state: StreamState): string | null {
  return Object.values(state.topics).some((topic) => topic.state === 'waiting') ? null : state.cursor;
}

/** The delay before try number failures+1: doubling up to ten seconds, spread by a quarter; random is from 0 to 1. */
export function backoff(failures: number, random: number): number {
  const base = Math.min(longestDelay, firstDelay * 2 ** Math.max(0, failures - 1));
  return Math.round(base * (0.75 + random / 2));
}

/** What becomes of the stream when something happens; pure. */
export function reduce(state: StreamState, input: Input): [StreamState, Effect[]] {
  switch (input.kind) {
    case 'opened':
      return [{ ...state, openedFor: input.topics }, []];
    case 'follow':
      return follow(state, input.topic);
    case 'unfollow':
      return unfollow(state, input.topic);
    case 'message':
      return message(input.cursor === undefined ? state : { ...state, cursor: input.cursor }, input.event, input.now);
    case 'failed':
      return failed(state, input.now, input.random);
    case 'topicsRefused': // the server forgot the stream: begin anew
      return reconnect(state);
    case 'hidden':
      return [{ ...state, hiddenAt: input.now }, []];
    case 'visible':
      return state.phase === 'asleep' ? reconnect({ ...state, hiddenAt: null }) : [{ ...state, hiddenAt: null }, []];
    case 'tick':
      return tick(state, input.now);
    case 'signedOut':
      return [initial, [{ do: 'close' }]];
  }
}

function follow(state: StreamState, topic: string): [StreamState, Effect[]] {
  if (state.topics[topic]) return [state, []];
  const next: StreamState = { ...state, topics: { ...state.topics, [topic]: { state: 'waiting' } } };
  if (state.phase === 'live') return [next, [{ do: 'changeTopics', add: [topic], remove: [] }]];
  if (state.phase === 'idle') return [{ ...next, phase: 'connecting' }, [{ do: 'connect', after: 0 }]];
  return [next, []]; // the next connection takes it along, or, when one is under way, what the server says first
}

function unfollow(state: StreamState, topic: string): [StreamState, Effect[]] {
  if (!state.topics[topic]) return [state, []];
  const topics = Object.fromEntries(Object.entries(state.topics).filter(([name]) => name !== topic));
  const next = { ...state, topics };
  if (state.phase === 'live') return [next, [{ do: 'changeTopics', add: [], remove: [topic] }]];
  return [next, []];
}

function message(state: StreamState, event: StreamEvent, now: number): [StreamState, Effect[]] {
  const seen: StreamState = { ...state, phase: 'live', failures: 0, lostAt: null, lastEventAt: now };
  if (event.event === 'server') return server(seen, state, event);
  const name = event.topic ?? '';
  const topic = state.topics[name];
  if (!topic) return [seen, []]; // left in between
  const set = (t: Topic): StreamState => ({ ...seen, topics: { ...seen.topics, [name]: t } });
  switch (event.event) {
    case 'snapshot':
      return [set({ state: 'live', version: event.version, data: event.data }), [{ do: 'data', topic: name, data: event.data }]];
    case 'patch': {
      if (topic.data === undefined || topic.version !== event.from) return [seen, []]; // a snapshot is on its way
      const data = mergePatch(topic.data, event.data);
      return [set({ state: 'live', version: event.version, data }), [{ do: 'data', topic: name, data }]];
    }
    case 'gone':
      return [set({ state: 'gone' }), [{ do: 'ask', topic: name }]];
    case 'denied':
      return [set({ state: 'denied', code: event.code, params: event.params }), [{ do: 'ask', topic: name }]];
    default: // an event that this bundle does not know
      return [seen, []];
  }
}

function server(seen: StreamState, before: StreamState, event: StreamEvent): [StreamState, Effect[]] {
  if (event.draining) {
    return [{ ...seen, phase: 'retrying', streamId: null }, [{ do: 'close' }, { do: 'connect', after: firstDelay }]];
  }
  const version = event.version ?? null;
  const otherVersion = before.otherVersion || (before.serverVersion !== null && version !== null && before.serverVersion !== version);
  const followed = Object.keys(seen.topics);
  const add = followed.filter((topic) => !seen.openedFor.includes(topic));
  const remove = seen.openedFor.filter((topic) => !followed.includes(topic));
  return [
    { ...seen, streamId: event.streamId ?? null, serverVersion: before.serverVersion ?? version, otherVersion, openedFor: followed },
    add.length + remove.length > 0 ? [{ do: 'changeTopics', add, remove }] : [],
  ];
}

function failed(state: StreamState, now: number, random: number): [StreamState, Effect[]] {
  if (state.phase === 'idle' || state.phase === 'asleep') return [state, []];
  const failures = state.failures + 1;
  const lostAt = state.lostAt ?? now;
  const phase = state.phase === 'polling' || now - lostAt >= pollAfter ? 'polling' : 'retrying';
  return [
    { ...state, phase, failures, lostAt, streamId: null },
    [{ do: 'close' }, { do: 'connect', after: backoff(failures, random) }],
  ];
}

function tick(state: StreamState, now: number): [StreamState, Effect[]] {
  if (state.hiddenAt !== null && now - state.hiddenAt >= sleepAfter && state.phase !== 'asleep' && state.phase !== 'idle') {
    return [{ ...state, phase: 'asleep', streamId: null }, [{ do: 'close' }]];
  }
  if (state.phase === 'live' && state.lastEventAt !== null && now - state.lastEventAt >= silentAfter) {
    return [{ ...state, phase: 'retrying', lostAt: state.lastEventAt, streamId: null }, [{ do: 'close' }, { do: 'connect', after: 0 }]];
  }
  if (state.phase === 'retrying' && state.lostAt !== null && now - state.lostAt >= pollAfter) {
    return [{ ...state, phase: 'polling' }, Object.keys(state.topics).map((topic) => ({ do: 'ask', topic }))];
  }
  return [state, []];
}

function reconnect(state: StreamState): [StreamState, Effect[]] {
  return [{ ...state, phase: 'connecting', streamId: null }, [{ do: 'close' }, { do: 'connect', after: 0 }]];
}
