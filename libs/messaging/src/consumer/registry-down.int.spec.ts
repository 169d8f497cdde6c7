import { EventCodec } from '@chorda/contracts';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { createServer, request, type Server } from 'node:http';
import { EngineBench, noteOf, until } from './engine.fixture.spec.js';

const topic = 'system.events';
let bench: EngineBench;
let door: RegistryDoor;

/** Stands before the real registry and can be shut. */
class RegistryDoor {
  isOpen = true;
  refused = 0;
  private readonly server: Server;

  constructor(target: URL) {
    this.server = createServer((incoming, outgoing) => {
      if (!this.isOpen) {
        this.refused++;
        incoming.socket.destroy();
        return;
      }
      const { method, headers, url } = incoming;
      const forwarded = request({ host: target.hostname, port: target.port, path: url, method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(outgoing);
      });
      incoming.pipe(forwarded);
    });
  }

  async listen(path: string): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    const address = this.server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}${path}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

beforeAll(async () => {
  bench = await EngineBench.open(topic);
});
afterAll(async () => {
  door.close();
  await bench.close();
});

it('a registry that is away holds the partition for ever and sets nothing aside', async () => {
  const target = new URL(inject('stack').registryUrl);
  door = new RegistryDoor(target);
  const codec = await EventCodec.connect({ registryUrl: await door.listen(target.pathname) });
  door.isOpen = false;
  await bench.send('service', 'known');
  // A schema of which this build knows nothing, so that the registry has to be asked. It has none of that id.
  const strange = bench.encode('service', 'newer');
  const value = Buffer.concat([Buffer.from([0, 0x7f, 0xff, 0xff, 0xfe]), strange.value.subarray(5)]);
  const ce_dataschema = `urn:chorda:schema:system.HealthCheck:${'a'.repeat(64)}`;
  await bench.producer.send({ ...strange, value, headers: { ...strange.headers, ce_dataschema } });
  await bench.send('service', 'behind');
  const seen: string[] = [];
  const consumer = await bench.consume(
    { group: 'spec.registry', topics: [topic] },
    (batch) => {
      seen.push(...batch.messages.map(({ event }) => noteOf(event)));
      return batch.allDone();
    },
    codec,
  );

  await until('the registry was asked again and again', () => door.refused >= 3);
  expect(seen).toEqual(['known']);
  expect(await bench.deadLetters()).toEqual([]);
  const held = consumer.health().partitions.find(({ stoppedBy }) => stoppedBy !== undefined);
  expect(held).toMatchObject({ topic, nextOffset: 1n, lagRecords: 2n });

  door.isOpen = true;
  // Only now is it known that nobody has that schema.
  await until('what stands behind is handled', () => seen.length === 2);
  expect(seen).toEqual(['known', 'behind']);
  expect((await bench.deadLetters()).map(({ reason }) => reason)).toEqual(['unknown_schema']);
  codec.close();
});
