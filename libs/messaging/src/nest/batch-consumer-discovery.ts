import { BackboneError } from '@chorda/kernel';
import type { ModulesContainer } from '@nestjs/core';
import type { BatchHandler } from '../consumer-contract.js';
import { batchConsumerOptionsOf, type BatchConsumerOptions } from './batch-consumer.decorator.js';

/** A provider that was declared with `@BatchConsumer`. */
export interface DiscoveredConsumer {
  readonly className: string;
  readonly options: BatchConsumerOptions;
  readonly handler: BatchHandler;
}

/** The app declares consumers that cannot be started as they stand. Every fault is listed. */
export class BatchConsumerDeclarationError extends BackboneError {
  readonly code = 'BATCH_CONSUMER_DECLARATION';
  readonly retriable = false;

  constructor(readonly faults: readonly string[]) {
    super(`@BatchConsumer: ${faults.join('; ')}`);
  }
}

/**
 * Finds every provider of the app that `@BatchConsumer` declares.
 *
 * @throws {@link BatchConsumerDeclarationError} when one has no `handleBatch`, is made anew per request, or shares its
 *   group with another.
 */
export function discoverBatchConsumers(modules: ModulesContainer): readonly DiscoveredConsumer[] {
  const found = new Map<object, DiscoveredConsumer>();
  const faults: string[] = [];
  for (const module of modules.values()) {
    for (const provider of module.providers.values()) {
      const { metatype } = provider;
      // Aliases and factories have a function here that is no class of ours; their target is a provider itself.
      const options = typeof metatype === 'function' ? batchConsumerOptionsOf(metatype) : undefined;
      if (!options) continue;
      if (!provider.isDependencyTreeStatic()) {
        faults.push(`${provider.name} is made anew per request, and a batch is no request: give it the default scope`);
        continue;
      }
      const instance: unknown = provider.instance;
      if (!isBatchHandler(instance)) faults.push(`${provider.name} has no method handleBatch`);
      else found.set(instance, { className: String(provider.name), options, handler: instance });
    }
  }
  const consumers = [...found.values()];
  faults.push(...sharedGroups(consumers));
  if (faults.length > 0) throw new BatchConsumerDeclarationError(faults);
  return consumers;
}

/** Two members of one group that mean different things would each be given half of the other's partitions. */
function sharedGroups(consumers: readonly DiscoveredConsumer[]): readonly string[] {
  const byGroup = Map.groupBy(consumers, (consumer) => consumer.options.consumerGroup);
  return [...byGroup]
    .filter(([, members]) => members.length > 1)
    .map(([group, members]) => `group ${group} is used by ${members.map((member) => member.className).join(' and ')}`);
}

function isBatchHandler(value: unknown): value is BatchHandler {
  return (
    typeof value === 'object' && value !== null && 'handleBatch' in value && typeof value.handleBatch === 'function'
  );
}
