// Another client of the cluster: writes one record in a batch of any codec, as plain kafkajs with that codec would.
import kafkajs from 'kafkajs';
import { zstdCompressSync } from 'node:zlib';
import { crashPoint, ordersOf } from './notes.js';

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs;
const orders = ordersOf('foreign-producer.child');

interface Encoder {
  readonly buffer: Buffer;
}

/** LZ4 frame: magic, version 1 with independent blocks of 64 KiB, header checksum, one stored block, end mark. */
function lz4Stored({ buffer }: Encoder): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE((buffer.length | 0x80000000) >>> 0);
  return Buffer.concat([Buffer.from('04224d18604082', 'hex'), size, buffer, Buffer.alloc(4)]);
}

/** The framing of Kafka's Java client around one block that is a single literal. */
function snappyStored({ buffer }: Encoder): Buffer {
  const length = Buffer.from([(buffer.length & 0x7f) | 0x80, buffer.length >> 7]);
  const literal = Buffer.from([61 << 2, (buffer.length - 1) & 0xff, (buffer.length - 1) >> 8]);
  const block = Buffer.concat([length, literal, buffer]);
  const header = Buffer.from('82534e415050590000000001000000010000000000000000', 'hex').subarray(0, 16);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(block.length);
  return Buffer.concat([header, size, block]);
}

function codec(compress: (encoder: Encoder) => Buffer) {
  const decompress = () => {
    throw new Error('this client only writes');
  };
  return () => ({ compress: (encoder: Encoder) => Promise.resolve(compress(encoder)), decompress });
}

CompressionCodecs[CompressionTypes.LZ4] = codec(lz4Stored);
CompressionCodecs[CompressionTypes.Snappy] = codec(snappyStored);
CompressionCodecs[CompressionTypes.ZSTD] = codec(({ buffer }) => zstdCompressSync(buffer));

const compression = {
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
}[orders.codec];

const { brokers, topicPrefix } = orders.connection;
const kafka = new Kafka({ brokers: [...brokers], clientId: 'foreign', logLevel: logLevel.NOTHING });
const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
await producer.connect();
await producer.send({
  topic: `${topicPrefix}${orders.topic}`,
  compression,
  acks: -1,
  messages: [
    {
      partition: orders.partition,
      key: 'foreign',
      value: Buffer.alloc(orders.valueBytes),
      headers: { id: orders.id },
    },
  ],
});
await producer.disconnect();
crashPoint(orders.folder, orders.id);
process.exit(0);
