// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { expect, test } from 'vitest';

import type { StreamEvent } from '@/api/schema.gen';

import { StreamClient, type Source, type World } from './client';

/** A world with timers that run when the test says so. */
function fakeWorld() {
  const timers = new Map<number, { run: () => void; after: number }>();
  const log: string[] = [];
  const data: Record<string, unknown> = {};
  let next = 1;
  let listeners: Record<string, (e: MessageEvent<string>) => void> = {};
  const refuse = { topics: false };
  const world: World = {
    open: (topics, after) => {
      log.push(`open ${topics.join(',')}${after === null ? '' : ` after ${after}`}`);
      listeners = {};
      const mine = listeners;
      const source: Source = {
        addEventListener: (type, listener) => (mine[type] = listener),
        close: () => log.push('close'),
      };
      return source;
    },
    changeTopics: (id, add, remove) => {
      log.push(`change ${id} +${add.join(',')} -${remove.join(',')}`);
      return refuse.topics ? Promise.reject(new Error('404')) : Promise.resolve();
    },
    now: () => 0,
    random: () => 0.5,
    setTimer: (run, after) => {
      timers.set(next, { run, after });
      return next++;
    },
    clearTimer: (id) => timers.delete(id),
    onData: (topic, value) => (data[topic] = value),
    onAsk: (topic) => log.push(`ask ${topic}`),
    onLost: () => log.push('lost'),
  };
  return {
    world,
    log,
    data,
    refuse,
    runTimers: () => {
      for (const [id, t] of [...timers]) {
        timers.delete(id);
        t.run();
      }
    },
    say: (event: StreamEvent, lastEventId = '') => listeners[event.event]?.(new MessageEvent(event.event, { data: JSON.stringify(event), lastEventId })),
    cut: () => listeners.error?.(new MessageEvent('error')),
  };
}

test('one stream serves all pages: going from one to another is one request, and two followers are one topic', () => {
  const w = fakeWorld();
  const client = new StreamClient(w.world);
  const leaveList = client.follow('apps:*');
  const leaveAgain = client.follow('apps:*');
  w.runTimers();
  w.say({ event: 'server', streamId: 's1', version: 'v1' });
  leaveAgain();
  leaveAgain();
  client.follow('app:d/a');
  client.follow('pods:d/a');
  leaveList();
  w.runTimers();
  expect(w.log).toEqual(['open apps:*', 'change s1 +app:d/a,pods:d/a -apps:*']);
});

test('a topic that is left and followed again in one go is sent anew: nothing of it is kept', () => {
  const w = fakeWorld();
  const client = new StreamClient(w.world);
  const leave = client.follow('t');
  w.runTimers();
  w.say({ event: 'server', streamId: 's1' });
  w.say({ event: 'snapshot', topic: 't', version: '1', data: { n: 1 } });
  leave();
  client.follow('t');
  w.runTimers();
  expect(w.log).toEqual(['open t', 'change s1 +t -']);
  w.say({ event: 'snapshot', topic: 't', version: '2', data: { n: 2 } });
  w.say({ event: 'patch', topic: 't', from: '2', version: '3', data: { n: 3 } });
  expect(w.data.t).toEqual({ n: 3 });
});

test('a topic that is followed, left, followed and left in one go is not followed', () => {
  const w = fakeWorld();
  const client = new StreamClient(w.world);
  client.follow('other');
  w.runTimers();
  w.say({ event: 'server', streamId: 's1' });
  client.follow('t')();
  client.follow('t')();
  w.runTimers();
  expect(w.log).toEqual(['open other', 'change s1 + -t']);
});

test('after a cut the stream goes on behind what the page has: only what changed is sent', () => {
  const w = fakeWorld();
  const client = new StreamClient(w.world);
  client.follow('t');
  client.follow('u');
  w.runTimers();
  w.say({ event: 'server', streamId: 's1' });
  w.say({ event: 'snapshot', topic: 't', version: '1', data: { n: 1 } }, 'c1');
  w.say({ event: 'snapshot', topic: 'u', version: '2', data: { n: 1 } }, 'c2');
  w.cut();
  w.runTimers();
  expect(w.log).toEqual(['open t,u', 'close', 'lost', 'open t,u after c2']);
  w.say({ event: 'server', streamId: 's2' }, 'c2');
  w.say({ event: 'patch', topic: 'u', from: '2', version: '5', data: { n: 5 } }, 'c5');
  expect(w.data).toEqual({ t: { n: 1 }, u: { n: 5 } });
});

test('a page that has not all of its topics begins anew after a cut', () => {
  const w = fakeWorld();
  const client = new StreamClient(w.world);
  const leave = client.follow('t');
  w.runTimers();
  w.say({ event: 'server', streamId: 's1' });
  w.say({ event: 'snapshot', topic: 't', version: '1', data: { n: 1 } }, 'c1');
  w.cut();
  leave();
  client.follow('t'); // the same topics as before, but their data was let go
  w.runTimers();
  expect(w.log).toEqual(['open t', 'close', 'lost', 'open t']);
});

test('after a cut the new stream begins with all topics, and what the old one still says is not heard', () => {
  const w = fakeWorld();
  const client = new StreamClient(w.world);
  client.follow('t');
  w.runTimers();
  w.say({ event: 'server', streamId: 's1' });
  w.say({ event: 'snapshot', topic: 't', version: '1', data: { n: 1 } });
  const old = w.say;
  w.cut();
  expect(client.snapshot().phase).toBe('retrying');
  old({ event: 'snapshot', topic: 't', version: '0', data: { n: 0 } });
  expect(w.data.t).toEqual({ n: 1 });
  w.runTimers();
  w.say({ event: 'server', streamId: 's2' });
  w.say({ event: 'snapshot', topic: 't', version: '9', data: { n: 9 } });
  expect(w.data.t).toEqual({ n: 9 });
  expect(w.log).toEqual(['open t', 'close', 'lost', 'open t']);
});

test('a server that forgot the stream is connected anew', async () => {
  const w = fakeWorld();
  const client = new StreamClient(w.world);
  client.follow('a');
  w.runTimers();
  w.say({ event: 'server', streamId: 's1' });
  w.refuse.topics = true;
  client.follow('b');
  w.runTimers();
  await Promise.resolve();
  await Promise.resolve();
  w.runTimers();
  expect(w.log).toEqual(['open a', 'change s1 +b -', 'close', 'open a,b']);
});

test('a page that follows something while the stream is being opened is told of it too', () => {
  const w = fakeWorld();
  const client = new StreamClient(w.world);
  client.follow('app');
  const leave = client.follow('old');
  w.runTimers();
  client.follow('topology'); // the connection is under way, and does not ask for it
  leave();
  w.say({ event: 'server', streamId: 's1', version: 'v1' });
  w.runTimers();
  expect(w.log).toEqual(['open app,old', 'change s1 +topology -old']);
});
