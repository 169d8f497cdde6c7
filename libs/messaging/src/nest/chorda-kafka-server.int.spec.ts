import { Controller, Injectable, Module } from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import { EventPattern, type AsyncMicroserviceOptions } from '@nestjs/microservices';
import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger, sleep, type Logger } from '@chorda/kernel';
import type { Batch, Outcomes, RunningConsumer } from '../consumer-contract.js';
import { EngineBench, noteOf, until } from '../consumer/engine.fixture.spec.js';
import { BatchConsumerDeclarationError } from './batch-consumer-discovery.js';
import { BatchConsumer } from './batch-consumer.decorator.js';
import { ChordaKafkaServer, chordaKafkaTransport, type ChordaKafkaStatus } from './chorda-kafka-server.js';

const topic = 'system.events';

@Injectable()
class Notebook {
  readonly written: string[] = [];

  write(reader: string, batch: Batch): Promise<Outcomes> {
    for (const { event } of batch) this.written.push(`${reader} ${noteOf(event)}`);
    return Promise.resolve(batch.allDone());
  }
}

@BatchConsumer({ topic, consumerGroup: 'spec.first', batchSizeMax: 10 })
class FirstConsumer {
  largest = 0;
  constructor(private readonly notebook: Notebook) {}

  handleBatch(batch: Batch): Promise<Outcomes> {
    this.largest = Math.max(this.largest, batch.messages.length);
    return this.notebook.write('first', batch);
  }
}

@BatchConsumer({ topic, consumerGroup: 'spec.second', retry: { attemptsMax: 2, delaysMs: [100] } })
class SecondConsumer {
  constructor(private readonly notebook: Notebook) {}

  async handleBatch(batch: Batch): Promise<Outcomes> {
    const outcomes = await this.notebook.write('second', batch);
    for (const message of batch) {
      if (noteOf(message.event) === 'unsure') outcomes.retry(message, 50, new Error('not yet'));
    }
    return outcomes;
  }
}

@BatchConsumer({ topic, consumerGroup: 'spec.slow' })
class SlowConsumer {
  begun = 0;
  ended = 0;

  async handleBatch(batch: Batch): Promise<Outcomes> {
    this.begun += batch.messages.length;
    await sleep(700);
    this.ended += batch.messages.length;
    return batch.allDone();
  }
}

@BatchConsumer({ topic, consumerGroup: 'spec.first' })
class IntruderConsumer extends SlowConsumer {}

@Controller()
class PatternController {
  @EventPattern<string>('some.topic', chordaKafkaTransport)
  onEvent(): void {}
}

@Module({ providers: [Notebook, FirstConsumer, SecondConsumer] })
class NotesModule {}

@Module({ imports: [NotesModule] })
class AppModule {}

@Module({ providers: [SlowConsumer] })
class SlowModule {}

@Module({ imports: [NotesModule], providers: [IntruderConsumer] })
class IntrudedModule {}

@Module({ controllers: [PatternController] })
class PatternModule {}

let bench: EngineBench;
const closing: (() => Promise<void>)[] = [];
beforeEach(async () => {
  bench = await EngineBench.open(topic);
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await bench.close();
});

/** A microservice as an app would start it: the strategy gets the container by injection. */
async function microserviceOf(module: new () => object, logger: Logger = silentLogger) {
  const { driver, codec, metrics } = bench;
  const app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(module, {
    logger: false,
    inject: [ModulesContainer],
    useFactory: (modules: ModulesContainer) => ({
      strategy: new ChordaKafkaServer({ modules, driver, codec, logger, metrics }),
    }),
  });
  closing.push(() => app.close());
  return app;
}

describe('a Nest app on the Chorda transport', () => {
  it('gives each declared group every record, by handlers that Nest has built', async () => {
    const app = await microserviceOf(AppModule);
    await app.listen();
    const notebook = app.get(Notebook, { strict: false });
    for (let index = 0; index < 25; index += 1) await bench.send('svc', `note-${index}`);

    await until('both groups have all', () => notebook.written.length === 50);

    const notes = Array.from({ length: 25 }, (_, index) => `note-${index}`);
    const of = (reader: string) => notebook.written.filter((line) => line.startsWith(reader));
    expect(of('first')).toEqual(notes.map((note) => `first ${note}`));
    expect(of('second')).toEqual(notes.map((note) => `second ${note}`));
    expect(app.get(FirstConsumer, { strict: false }).largest).toBeLessThanOrEqual(10);
    expect(app.unwrap<readonly RunningConsumer[]>().map((consumer) => consumer.health().group)).toEqual([
      'spec.first',
      'spec.second',
    ]);
  });

  it('passes the declared retry on to the engine', async () => {
    const app = await microserviceOf(AppModule);
    await app.listen();
    await bench.send('svc', 'unsure');

    await until('it was tried twice and set aside', async () => (await bench.deadLetters()).length === 1);

    const tries = app.get(Notebook, { strict: false }).written.filter((line) => line === 'second unsure');
    expect(tries).toHaveLength(2);
  });

  it('says when it is connected and when it has stopped', async () => {
    const app = await microserviceOf(AppModule);
    const told: ChordaKafkaStatus[] = [];
    app.status.subscribe((status) => told.push(status as ChordaKafkaStatus));
    await app.listen();
    await until('it is connected', () => told.includes('connected'));
    await app.close();

    expect(told.at(0)).toBe('disconnected');
    expect(told.at(-1)).toBe('stopped');
    expect(told).not.toContain('crashed');
  });

  it('finishes the batch in hand when it is closed, and commits it', async () => {
    const app = await microserviceOf(SlowModule);
    await app.listen();
    await bench.send('svc', 'in hand');
    const slow = app.get(SlowConsumer, { strict: false });
    await until('the handler has it', () => slow.begun === 1);

    await app.close();

    expect(slow.ended).toBe(1);
    const committed = await bench.admin.committedOffsets('spec.slow', [topic]);
    expect(committed.filter(({ offset }) => offset > 0n)).toHaveLength(1);
  });

  it('does not listen when two classes share a group, and leaves nothing running', async () => {
    const app = await microserviceOf(IntrudedModule);

    await expect(app.listen()).rejects.toThrow(BatchConsumerDeclarationError);

    expect(app.unwrap<readonly RunningConsumer[]>()).toEqual([]);
  });

  it('says that pattern handlers get nothing', async () => {
    const warned: unknown[] = [];
    const warn = (_message: string, fields?: unknown) => void warned.push(fields);
    const app = await microserviceOf(PatternModule, { ...silentLogger, warn });
    await app.listen();

    expect(warned).toEqual([{ patterns: 'some.topic' }]);
  });

  it('starts and stops on its own, for an app that Nest does not run as a microservice', async () => {
    const { driver, codec, metrics } = bench;
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    closing.push(() => app.close());
    const strategy = new ChordaKafkaServer({
      modules: app.get(ModulesContainer),
      driver,
      codec,
      logger: silentLogger,
      metrics,
    });
    await new Promise<void>((resolve, reject) => {
      strategy.listen((error) => (error instanceof Error ? reject(error) : resolve()));
    });
    await bench.send('svc', 'hello');
    await until('both have it', () => app.get(Notebook, { strict: false }).written.length === 2);
    expect(strategy.health().map(({ state }) => state)).toEqual(['running', 'running']);
    await strategy.close();
    await strategy.close();
  });
});
