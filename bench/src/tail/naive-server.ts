import { celEnv, parse, plan } from '@bufbuild/cel';
import { eventDataToJson, EventCodec, formatTimestamp } from '@chorda/contracts';
import { createKafkaDriver } from '@chorda/messaging';
import { WebSocketServer, type WebSocket } from 'ws';

/**
 * The tail as it is written first: each socket evaluates its filter and makes its text for itself. Log, codec, filter
 * library and WebSocket library are those of the gateway, so what differs is what is shared between sockets.
 */
const brokers = (process.env['KAFKA_BROKERS'] ?? '').split(',');
const topicPrefix = process.env['CHORDA_TOPIC_PREFIX'] ?? '';
const codec = await EventCodec.connect({ registryUrl: process.env['SCHEMA_REGISTRY_URL'] ?? '', topicPrefix });
const driver = createKafkaDriver({ brokers, topicPrefix, clientId: 'naive' });
const environment = celEnv();
const sockets = new Map<WebSocket, { readonly id: string; readonly passes: (input: object) => unknown }>();

const server = new WebSocketServer({ port: Number(process.env['PORT']), perMessageDeflate: false });
server.on('connection', (socket) => {
  socket.on('message', (data) => {
    const { id, filter } = Object(JSON.parse(String(data)));
    const evaluate = plan(environment, parse(String(filter)));
    sockets.set(socket, { id: String(id), passes: (input) => evaluate(Object(input)) });
    socket.send(JSON.stringify({ kind: 'subscribed', id }));
  });
  socket.on('close', () => sockets.delete(socket));
});

driver.consume({
  group: 'naive.tail',
  topics: ['agent.events'],
  startFrom: 'latest',
  run: async (partition) => {
    await partition.start(undefined);
    for (;;) {
      const chunk = await partition.read({ recordsMax: 500, bytesMax: 4 * 1024 * 1024, waitMsMax: 0 });
      if (chunk === undefined) return;
      for (const record of chunk.records) {
        for (const [socket, { id, passes }] of sockets) {
          const { event, metadata } = codec.decode(record);
          const data = eventDataToJson(event);
          if (passes({ type: event.type, source: metadata.source, data }) !== true) continue;
          const { timeMs, tenantId, ...rest } = metadata;
          const shown = { ...rest, type: event.type, time: formatTimestamp(timeMs), tenantid: tenantId, data };
          socket.send(JSON.stringify({ kind: 'event', id, event: shown }));
        }
      }
    }
  },
});

process.on('SIGTERM', () => process.exit(0));
