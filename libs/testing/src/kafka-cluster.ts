import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureJava, freePorts, kafkaJars, KafkaServer, newClusterId, Reaper, type Server } from '@chorda/native-stack';

/** Several brokers on this machine: topics that are made get a replica on each. */
export interface KafkaCluster {
  /** Of the first, which is the controller too: it has to stay. */
  readonly brokers: string;
  readonly nodes: readonly Server[];
  stop(): Promise<void>;
}

const heapMib = 192;

/** Starts brokers with data of their own. They end with this process, whatever ends it. */
export async function startKafkaCluster(count: number): Promise<KafkaCluster> {
  const home = mkdtempSync(join(tmpdir(), 'chorda-cluster-'));
  chmodSync(home, 0o755);
  const reaper = new Reaper(home);
  const artifacts = { env: process.env, progress: (line: string) => process.stderr.write(`${line}\n`) };
  const java = await ensureJava(17, artifacts);
  const classpath = await kafkaJars(artifacts);
  const [controllerPort = 0, ...ports] = await freePorts(count + 1);
  const clusterId = newClusterId();
  const nodes = ports.map((port, index) => {
    const nodeId = index + 1;
    const own = join(home, `node-${nodeId}`);
    for (const folder of ['run', 'logs']) mkdirSync(join(own, folder), { recursive: true });
    const member = { clusterId, nodeId, nodes: count };
    const place = { home: own, env: process.env, reaper };
    return new KafkaServer({ ...place, java, classpath, heapMib, port, controllerPort, member });
  });
  const stop = async () => {
    // The controller last: the others say good-bye to it.
    for (const node of nodes.toReversed()) await node.stop();
    await reaper.close();
  };
  try {
    // All at once: a broker that is alone waits for the controller, and a format takes as long as a start.
    await Promise.all(nodes.map((node) => node.start()));
  } catch (error) {
    await reaper.close();
    throw error;
  }
  return { brokers: nodes[0]?.brokers ?? '', nodes, stop };
}
