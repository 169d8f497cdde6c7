import 'reflect-metadata';
import { Body, Controller, Inject, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientsModule, Transport, type ClientKafka } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';

/**
 * The rival: what a Nest user writes who wants events on Kafka behind HTTP. Nest's default adapter, `Transport.KAFKA`,
 * `emit` awaited, acks=all, JSON as it came, no key of its own to check, nothing validated.
 */
const topic = process.env['RIVAL_TOPIC'] ?? '';
const brokers = (process.env['KAFKA_BROKERS'] ?? '').split(',');
const kafka = Symbol('kafka');

@Controller('v1')
class EventsController {
  constructor(@Inject(kafka) private readonly client: ClientKafka) {}

  @Post('events')
  async append(@Body() event: { readonly subject: string }): Promise<{ status: string }> {
    // Without a broker: what Nest itself costs.
    if (topic !== '') await lastValueFrom(this.client.emit(topic, { key: event.subject, value: event }));
    return { status: 'logged' };
  }
}

@Module({
  imports: [
    ClientsModule.register([
      {
        name: kafka,
        transport: Transport.KAFKA,
        options: {
          client: { clientId: 'rival', brokers },
          producer: { allowAutoTopicCreation: false },
          send: { acks: -1 },
        },
      },
    ]),
  ],
  controllers: [EventsController],
})
class RivalModule {}

const app = await NestFactory.create(RivalModule, { logger: ['error'] });
await app.listen(Number(process.env['PORT']), '127.0.0.1');
