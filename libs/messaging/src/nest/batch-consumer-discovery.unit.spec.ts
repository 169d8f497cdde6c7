import { Injectable, Module, Scope, type Type } from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import type { Batch, Outcomes } from '../consumer-contract.js';
import { BatchConsumerDeclarationError, discoverBatchConsumers } from './batch-consumer-discovery.js';
import { BatchConsumer } from './batch-consumer.decorator.js';

@Injectable()
class UsageRepository {
  readonly table = 'usage';
}

abstract class AllDone {
  handleBatch(batch: Batch): Promise<Outcomes> {
    return Promise.resolve(batch.allDone());
  }
}

@BatchConsumer({ topic: 'agent.events', consumerGroup: 'analytics.agent-usage', batchSizeMax: 50 })
class AgentUsageConsumer extends AllDone {
  constructor(readonly usage: UsageRepository) {
    super();
  }
}

@BatchConsumer({ topic: 'workflow.events', consumerGroup: 'analytics.workflows' })
class WorkflowConsumer extends AllDone {}

@BatchConsumer({ topic: 'system.events', consumerGroup: 'analytics.workflows' })
class SameGroupConsumer extends AllDone {}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {}

@BatchConsumer({ topic: 'agent.events', consumerGroup: 'analytics.scoped' })
class ScopedConsumer extends AllDone {
  constructor(readonly perRequest: PerRequest) {
    super();
  }
}

/** What the discovery finds in an app with these providers, spread over two modules. */
async function discoveredIn(...providers: Type[]) {
  @Module({ providers: [UsageRepository, PerRequest, ...providers] })
  class FeatureModule {}
  @Module({ imports: [FeatureModule] })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  try {
    return discoverBatchConsumers(app.get(ModulesContainer));
  } finally {
    await app.close();
  }
}

describe('discovery of batch consumers', () => {
  it('finds each declared provider with its options and what Nest injected into it', async () => {
    const found = await discoveredIn(AgentUsageConsumer, WorkflowConsumer);

    expect(found.map((consumer) => consumer.options.consumerGroup)).toEqual([
      'analytics.agent-usage',
      'analytics.workflows',
    ]);
    expect(found[0]?.options.batchSizeMax).toBe(50);
    expect(found[0]?.handler).toMatchObject({ usage: { table: 'usage' } });
  });

  it('does not take a subclass for its decorated parent', async () => {
    @Injectable()
    class Subclass extends WorkflowConsumer {}

    expect(await discoveredIn(Subclass)).toEqual([]);
  });

  it('refuses two classes in one group, naming both', async () => {
    const refused = discoveredIn(WorkflowConsumer, SameGroupConsumer);

    await expect(refused).rejects.toThrow(
      'group analytics.workflows is used by WorkflowConsumer and SameGroupConsumer',
    );
  });

  it('refuses a consumer that would be made anew per request', async () => {
    await expect(discoveredIn(ScopedConsumer)).rejects.toThrow(BatchConsumerDeclarationError);
  });
});
