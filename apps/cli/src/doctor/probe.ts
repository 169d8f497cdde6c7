import type { ChordaClient, ReceivedEvent } from '@chorda/client';
import { uncheckedEvent } from '@chorda/client';
import { decodePosition } from '@chorda/contracts';
import { newId } from '@chorda/kernel';
import type { KafkaDriver } from '@chorda/messaging';
import type { CommandContext } from '../command-line/command-line.js';
import { gatewayClient } from '../command-line/gateway.js';
import { withKafka } from '../command-line/kafka.js';
import { untilFound } from '../events/until-found.js';
import { broken, look, ok, type Check } from './check.js';

const waitMs = 10_000;

/**
 * Sends one event the whole way and times each hop: into the log, on the log, into the read model, out of the tail. The
 * event is an ordinary one (`external.webhook`, user `chorda-doctor`) and stays in the journal.
 */
export async function probe({ environment, signal }: CommandContext): Promise<readonly Check[]> {
  const client = gatewayClient(environment);
  const id = newId();
  const ending = new AbortController();
  const tail = tailFor(client, id, AbortSignal.any([signal, ending.signal]));
  try {
    const checks: Check[] = [await look('probe: tail open', () => tail.open.then(() => ok('listening')))];
    let position: string | undefined;
    checks.push(
      await look('probe: POST -> acknowledged', async () => {
        ({ position } = await client.events.send(probeEvent(id), { signal }));
        return ok(`event ${id}`);
      }),
    );
    const sentMs = performance.now();
    if (position === undefined) return checks;
    const place = position;
    // At once, since each is measured from the acknowledgement on.
    checks.push(
      ...(await Promise.all([
        look('probe: found on the Kafka topic', () => withKafka(environment, (driver) => onTheLog(driver, place, id))),
        look('probe: in the journal', () => inTheJournal(client, place, id, signal)),
        look('probe: out of the live tail', () =>
          tail.event.then((atMs) => ok(`${(atMs - sentMs).toFixed(1)} ms after the acknowledgement`)),
        ),
      ])),
    );
    return checks;
  } finally {
    ending.abort();
  }
}

function probeEvent(id: string) {
  return uncheckedEvent({
    id,
    type: 'external.webhook',
    source: 'urn:chorda:doctor',
    data: {
      user_id: 'chorda-doctor',
      provider: 'chorda',
      event_name: 'doctor.probe',
      body: 'a probe of chorda doctor',
    },
  });
}

async function onTheLog(driver: KafkaDriver, position: string, id: string) {
  const place = decodePosition(position)[0];
  if (place === undefined) return broken('The position names no place', 'Report this: it is a fault of ours.');
  const { topic, partition, offset } = place;
  for await (const { records } of driver.scan({ topic, partition, from: offset, to: offset + 1n })) {
    for (const record of records) {
      const header = record.headers['ce_id'];
      if (String(Array.isArray(header) ? header[0] : header) === id)
        return ok(`${topic}, partition ${partition}, offset ${offset}`);
    }
  }
  return broken(`Not at ${topic}/${partition}@${offset}`, 'The gateway and this command use different Kafka clusters.');
}

async function inTheJournal(client: ChordaClient, position: string, id: string, signal: AbortSignal) {
  const get = () => client.events.get(id, { minPosition: position, waitMs, signal });
  const event: ReceivedEvent = await untilFound(get, waitMs, signal);
  return ok(`read back by id, ${event.type}`);
}

/** `open` resolves when the stream is there, `event` with the time at which the probe came out of it. */
function tailFor(client: ChordaClient, id: string, signal: AbortSignal) {
  const opened = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<number>();
  // Whoever does not wait for one of them any more is not told of its failure a second time.
  opened.promise.catch(() => undefined);
  arrived.promise.catch(() => undefined);
  const run = async () => {
    const messages = client.tail({
      signal,
      types: ['external.webhook'],
      onConnection: (state) => state === 'open' && opened.resolve(),
    });
    for await (const message of messages) {
      if (message.kind === 'event' && message.event.id === id) return arrived.resolve(performance.now());
    }
  };
  run().catch((error: unknown) => {
    opened.reject(error);
    arrived.reject(error);
  });
  return { open: opened.promise, event: arrived.promise };
}
