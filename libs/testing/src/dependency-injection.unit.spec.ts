import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { expect, it } from 'vitest';

@Injectable()
class Clocked {
  readonly name = 'clocked';
}

@Injectable()
class Asking {
  constructor(readonly clocked: Clocked) {}
}

@Module({ providers: [Clocked, Asking] })
class AskingModule {}

// A transformer that emits no decorator metadata makes every constructor argument undefined, and only at run time.
it('resolves the dependency of a Nest constructor by its type', async () => {
  const context = await NestFactory.createApplicationContext(AskingModule, { logger: false });
  expect(context.get(Asking).clocked.name).toBe('clocked');
  await context.close();
});
