// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { describe, expect, test } from 'vitest';

import { backoff, initial, pollAfter, reduce, silentAfter, sleepAfter, type Effect, type Input, type StreamState } from './reducer';

/** Plays inputs one after the other and gives the last state and all effects. */
function play(inputs: Input[], from: StreamState = initial): { state: StreamState; effects: Effect[] } {
  let state = from;
  const effects: Effect[] = [];
  for (const input of inputs) {
    const [next, more] = reduce(state, input);
    state = next;
    effects.push(...more);
  }
  return { state, effects };
}

const follow = (topic: string): Input => ({ kind: 'follow', topic });
const server = (version = 'v1', now = 0): Input => ({ kind: 'message', event: { event: 'server', streamId: 's1', version }, now });
const snapshot = (topic: string, version: string, data: unknown, now = 0): Input => ({
  kind: 'message',
  event: { event: 'snapshot', topic, version, data },
  now,
});
const patch = (topic: string, from: string, version: string, data: unknown): Input => ({
  kind: 'message',
  event: { event: 'patch', topic, from, version, data },
  now: 0,
});
const failed = (now: number): Input => ({ kind: 'failed', now, random: 0.5 });

describe('data', () => {
  test('a snapshot is the whole of a topic, and a patch to its version changes it', () => {
    const { state, effects } = play([
      follow('app:d/a'),
      server(),
      snapshot('app:d/a', '1', { weight: 20, pods: { v1: 4, v2: 1 }, note: 'x' }),
      patch('app:d/a', '1', '2', { weight: 50, pods: { v2: 3 }, note: null }),
    ]);
    expect(state.topics['app:d/a']).toMatchObject({ version: '2', data: { weight: 50, pods: { v1: 4, v2: 3 } } });
    expect(effects.filter((e) => e.do === 'data')).toHaveLength(2);
  });

  test('a patch to another version is not applied: the next snapshot sets things right', () => {
    const lost = play([follow('t'), server(), snapshot('t', '1', { n: 1 }), patch('t', '7', '8', { n: 8 })]);
    expect(lost.state.topics.t?.data).toEqual({ n: 1 });
    expect(play([snapshot('t', '9', { n: 9 })], lost.state).state.topics.t?.data).toEqual({ n: 9 });
  });

  test('what is sent of a topic that was left in between is dropped', () => {
    const { state, effects } = play([follow('t'), server(), { kind: 'unfollow', topic: 't' }, snapshot('t', '1', {})]);
    expect(state.topics).toEqual({});
    expect(effects.at(-1)).toEqual({ do: 'changeTopics', add: [], remove: ['t'] });
  });

  test('what is gone or denied is asked for once more, so that the page shows why', () => {
    const gone = play([follow('t'), server(), { kind: 'message', event: { event: 'gone', topic: 't' }, now: 0 }]);
    expect(gone.state.topics.t?.state).toBe('gone');
    expect(gone.effects.at(-1)).toEqual({ do: 'ask', topic: 't' });
    const denied = play([
      follow('t'),
      server(),
      { kind: 'message', event: { event: 'denied', topic: 't', code: 'forbidden', params: { verb: 'get' } }, now: 0 },
    ]);
    expect(denied.state.topics.t).toMatchObject({ state: 'denied', code: 'forbidden', params: { verb: 'get' } });
  });
});

describe('the connection', () => {
  test('opens with the first topic; others are added to the open one', () => {
    const { effects } = play([follow('a'), follow('b'), { kind: 'opened', topics: ['a', 'b'] }, server(), follow('c'), follow('c')]);
    expect(effects).toEqual([
      { do: 'connect', after: 0 },
      { do: 'changeTopics', add: ['c'], remove: [] },
    ]);
  });

  test('is tried again, each time later, never later than ten seconds and a quarter of that: who has been away for long is back soon', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 20].map((n) => backoff(n, 0.5));
    expect(delays).toEqual([1000, 2000, 4000, 8000, 10000, 10000, 10000, 10000]);
    expect(backoff(1, 0)).toBe(750);
    expect(backoff(20, 1)).toBe(12500);
  });

  test('lost for twenty seconds, the pages ask by themselves until it is back; nothing is forgotten meanwhile', () => {
    const lost = play([follow('t'), server(), snapshot('t', '1', { n: 1 }), failed(1000)]);
    expect(lost.state.phase).toBe('retrying');
    const polling = play([{ kind: 'tick', now: 1000 + pollAfter }, failed(1000 + pollAfter + 1)], lost.state);
    expect(polling.state.phase).toBe('polling');
    expect(polling.effects[0]).toEqual({ do: 'ask', topic: 't' });
    expect(polling.state.topics.t?.data).toEqual({ n: 1 });
    const back = play([server('v1', 40_000), snapshot('t', '5', { n: 5 }, 40_000)], polling.state);
    expect(back.state).toMatchObject({ phase: 'live', failures: 0, lostAt: null });
    expect(back.state.topics.t?.data).toEqual({ n: 5 });
  });

  test('a line that has gone silent is given up: the page says since when it is behind, and connects anew', () => {
    const beat: Input = { kind: 'message', event: { event: 'beat' }, now: 20_000 };
    const heard = play([follow('t'), server(), snapshot('t', '1', { n: 1 }), beat, { kind: 'tick', now: silentAfter + 1000 }]);
    expect(heard.state.phase).toBe('live');
    const silent = play([{ kind: 'tick', now: 20_000 + silentAfter }], heard.state);
    expect(silent.state).toMatchObject({ phase: 'retrying', lostAt: 20_000, streamId: null });
    expect(silent.effects).toEqual([{ do: 'close' }, { do: 'connect', after: 0 }]);
    expect(silent.state.topics.t?.data).toEqual({ n: 1 });
  });

  test('what keeps the line alive changes nothing of what is followed', () => {
    const before = play([follow('a'), { kind: 'opened', topics: ['a'] }, server(), follow('b')]);
    const { state, effects } = play([{ kind: 'message', event: { event: 'beat' }, now: 15_000 }], before.state);
    expect(effects).toEqual([]);
    expect(state.topics).toEqual(before.state.topics);
  });

  test('a server that goes away says so, and the next one is looked for at once', () => {
    const { state, effects } = play([follow('t'), server(), { kind: 'message', event: { event: 'server', draining: true }, now: 5 }]);
    expect(state.phase).toBe('retrying');
    expect(effects.slice(-2)).toEqual([{ do: 'close' }, { do: 'connect', after: 1000 }]);
  });

  test('a server that forgot the stream is connected anew', () => {
    const { effects } = play([follow('t'), server(), { kind: 'topicsRefused' }]);
    expect(effects.slice(-2)).toEqual([{ do: 'close' }, { do: 'connect', after: 0 }]);
  });

  test('a page that nobody looks at for five minutes lets go of it, and takes it up when looked at', () => {
    const asleep = play([follow('t'), server(), { kind: 'hidden', now: 0 }, { kind: 'tick', now: sleepAfter }]);
    expect(asleep.state.phase).toBe('asleep');
    expect(asleep.effects.at(-1)).toEqual({ do: 'close' });
    expect(play([{ kind: 'visible' }], asleep.state).effects.at(-1)).toEqual({ do: 'connect', after: 0 });
    const short = play([follow('t'), server(), { kind: 'hidden', now: 0 }, { kind: 'tick', now: 1000 }, { kind: 'visible' }]);
    expect(short.state.phase).toBe('live');
  });

  test('another version of the server is noticed once it answers', () => {
    expect(play([follow('t'), server('v1')]).state.otherVersion).toBe(false);
    expect(play([follow('t'), server('v1'), failed(1), server('v2')]).state.otherVersion).toBe(true);
  });

  test('signing out ends it', () => {
    expect(play([follow('t'), server(), { kind: 'signedOut' }]).state).toEqual(initial);
  });
});
