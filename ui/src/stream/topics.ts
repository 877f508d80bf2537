// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

import type { ActivityList, AppList, Overview, PodList, Run, System, Topology } from '@/api/schema.gen';

/** The topics of the stream and what each carries. */
export type TopicName =
  | `apps:${string}`
  | `app:${string}`
  | `run:${string}`
  | `topology:${string}`
  | `pods:${string}`
  | `activity:${string}`
  | 'system';

export type TopicData<T extends TopicName> = T extends `apps:${string}`
  ? AppList
  : T extends `app:${string}`
    ? Overview
    : T extends `run:${string}`
      ? Run
      : T extends `topology:${string}`
        ? Topology
        : T extends `pods:${string}`
          ? PodList
          : T extends `activity:${string}`
            ? ActivityList
            : System;

/** The key of a topic's data in the query cache. */
export function topicKey(topic: TopicName): readonly ['topic', TopicName] {
  return ['topic', topic];
}
