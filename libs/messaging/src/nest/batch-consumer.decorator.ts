import { Injectable } from '@nestjs/common';
import 'reflect-metadata';
import type { BatchHandler } from '../consumer-contract.js';

/** What a class with `handleBatch` consumes, and how. */
export interface BatchConsumerOptions {
  /** Name from the topic catalogue, without the deployment's prefix. */
  readonly topic: string;
  /** `<app>.<purpose>`; one group, one set of topics, one meaning: no two classes of an app share a group. */
  readonly consumerGroup: string;
  /** Most records that one call brings. Default 500. */
  readonly batchSizeMax?: number;
  /**
   * Tiers for records that asked for it by `outcomes.retry`; a throw waits without limit instead. Left out: the group
   * has no tiers, as a group must that needs order.
   */
  readonly retry?: { readonly attemptsMax: number; readonly delaysMs: readonly number[] };
  /** Where a partition without commit starts. Default 'earliest'. */
  readonly startFrom?: 'earliest' | 'latest';
  /** How long a stop or a rebalance waits for the batch in hand. Default 5 s. */
  readonly drainTimeoutMs?: number;
}

const batchConsumerKey = Symbol('chorda:batch-consumer');

/**
 * Makes an injectable class a consumer of one topic: {@link ChordaKafkaServer} finds it among the app's providers when
 * the app listens, and calls its `handleBatch`. Nest's pipes, guards, interceptors and filters are not in the path:
 * they see one message at a time and turn errors into answers, and here an error decides whether offsets move.
 */
export function BatchConsumer(options: BatchConsumerOptions) {
  return <Handler extends abstract new (...dependencies: never[]) => BatchHandler<never>>(target: Handler): void => {
    Reflect.defineMetadata(batchConsumerKey, options, target);
    Injectable()(target);
  };
}

/** The options that `target`, and not a class above it, was decorated with. */
export function batchConsumerOptionsOf(target: object): BatchConsumerOptions | undefined {
  // A subclass inherits metadata; taken over, it would join the group of its parent a second time.
  const options: unknown = Reflect.getOwnMetadata(batchConsumerKey, target);
  return options as BatchConsumerOptions | undefined;
}
