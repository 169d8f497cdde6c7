import { BrokerUnavailableError } from '../errors.js';
import type { RecordChunk, ScanRange } from '../port.js';
import { AssignedLog } from './assigned-log.js';
import type { Cluster } from './cluster.js';
import { errorOfCode } from './errors.js';
import { fetchRequest } from './wire/requests.js';

const bounds = { bufferBytesMax: 4 * 1024 * 1024, inflatedBytesMax: 16 * 1024 * 1024 };
const limits = { waitMsMax: 200, bytesMax: 4 * 1024 * 1024, partitionBytesMax: 4 * 1024 * 1024 };
const chunk = { recordsMax: 1_000, bytesMax: 4 * 1024 * 1024, waitMsMax: 0 };

export async function* scanRange(cluster: Cluster, prefix: string, range: ScanRange): AsyncIterable<RecordChunk> {
  const { topic, partition, from, to, signal } = range;
  const fullTopic = `${prefix}${topic}`;
  await cluster.topicOrThrow(fullTopic);
  const leader = cluster.leaderOf(fullTopic, partition);
  if (!leader) throw new BrokerUnavailableError(`${topic}[${partition}] has no leader`);
  const owner = { startOffset: () => Promise.resolve(from), wake: () => undefined, isCurrent: () => true };
  const log = new AssignedLog(topic, fullTopic, partition, 1, undefined, bounds, owner);
  await log.start(from);
  let at = from;
  while (at < to && !signal?.aborted) {
    const place = { topic: fullTopic, partition, offset: log.fetchOffset! };
    const [fetched] = await cluster.send(leader, fetchRequest([place], limits), 1);
    if (!fetched) throw new BrokerUnavailableError(`${topic}[${partition}] was left out of an answer`);
    if (fetched.errorCode !== 0) throw errorOfCode(fetched.errorCode, `Reading ${topic}[${partition}]`, topic);
    if (!fetched.records || fetched.records.length === 0) return;
    log.accept(fetched, Date.now());
    while (at < to && log.hasMore) {
      const read = (await log.read(chunk))!;
      at = read.nextOffset;
      const records = read.records.filter(({ offset }) => offset < to);
      if (records.length > 0) yield { ...read, records };
    }
  }
}
