// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import { useQuery, useQueryClient, type QueryClient, type UseQueryResult } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState, useSyncExternalStore, type ReactNode } from 'react';

import { api, apiBase } from '@/api/client';
import type { ProblemError } from '@/api/problem';

import { StreamClient } from './client';
import type { StreamState } from './reducer';
import { topicKey, type TopicData, type TopicName } from './topics';

const StreamContext = createContext<StreamClient | null>(null);
const tickEvery = 1000;
const pollEvery = 5000;

function makeClient(cache: QueryClient): StreamClient {
  return new StreamClient({
    open: (topics, after) => new EventSource(`${apiBase()}/stream?${new URLSearchParams({ topics: topics.join(','), ...(after !== null && { after }) })}`),
    changeTopics: async (stream, add, remove) => {
      await api().PATCH('/stream/{stream}/topics', { params: { path: { stream } }, body: { add, remove } });
    },
    now: () => Date.now(),
    random: () => Math.random(),
    setTimer: (run, after) => window.setTimeout(run, after),
    clearTimer: (id) => window.clearTimeout(id),
    onData: (topic, data) => cache.setQueryData(topicKey(topic as TopicName), data),
    onAsk: (topic) => void cache.invalidateQueries({ queryKey: topicKey(topic as TopicName) }),
    onLost: () => void cache.invalidateQueries({ queryKey: ['me'] }), // tells a lost connection from an ended session
  });
}

/** Holds the page's one stream while somebody is signed in. */
export function StreamProvider({ children }: { children: ReactNode }) {
  const cache = useQueryClient();
  const [client] = useState(() => makeClient(cache));

  useEffect(() => {
    const ticking = window.setInterval(() => client.send({ kind: 'tick', now: Date.now() }), tickEvery);
    const looked = () =>
      client.send(document.visibilityState === 'hidden' ? { kind: 'hidden', now: Date.now() } : { kind: 'visible' });
    document.addEventListener('visibilitychange', looked);
    return () => {
      window.clearInterval(ticking);
      document.removeEventListener('visibilitychange', looked);
      client.send({ kind: 'signedOut' });
    };
  }, [client]);

  return <StreamContext value={client}>{children}</StreamContext>;
}

function useClient(): StreamClient {
  const client = useContext(StreamContext);
  if (!client) throw new Error('a StreamProvider is needed above');
  return client;
}

/** How the stream is, for the banner and the dot in the header. */
export function useStream(): StreamState {
  const client = useClient();
  return useSyncExternalStore(client.subscribe, client.snapshot);
}

/**
 * The data of a topic: asked for once by fetch, then kept up to date by the stream; while the stream is lost for long it is
 * asked for every few seconds. Pass null for a topic that is not known yet.
 */
export function useTopic<T extends TopicName>(
  topic: T | null,
  fetch: (signal: AbortSignal) => Promise<TopicData<T>>,
): UseQueryResult<TopicData<T>, ProblemError> {
  const client = useClient();
  const { phase } = useStream();

  useEffect(() => (topic === null ? undefined : client.follow(topic)), [client, topic]);

  return useQuery<TopicData<T>, ProblemError>({
    queryKey: topic === null ? ['topic', ''] : topicKey(topic),
    queryFn: async ({ signal }) => {
      const answer = await fetch(signal);
      // What the stream said while this was under way is newer.
      const streamed = topic === null ? undefined : client.snapshot().topics[topic];
      return streamed?.state === 'live' && client.snapshot().phase === 'live' ? (streamed.data as TopicData<T>) : answer;
    },
    enabled: topic !== null,
    staleTime: phase === 'live' ? Infinity : pollEvery,
    refetchInterval: phase === 'polling' ? pollEvery : false,
    refetchOnWindowFocus: phase !== 'live',
  });
}
