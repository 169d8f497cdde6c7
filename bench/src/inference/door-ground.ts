import { join } from 'node:path';
import { freePorts } from '@chorda/native-stack';
import { prepareData } from '@chorda/native-stack/start';
import { entryOf, waitFor } from '../backbone.js';
import { startOwnedProcess, type OwnedProcess } from '../owned-process.js';
import { nodeArguments, type InferenceGround } from './inference-ground.js';

export interface DoorGround {
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly gateway: OwnedProcess;
  readonly worker: OwnedProcess;
}

/** A gateway and a worker before a model server, each a process of its own. */
export async function startDoor(ground: InferenceGround, modelUrl: string): Promise<DoorGround> {
  const [port = 0, metricsPort = 0] = await freePorts(2);
  const { text: key } = await prepareData(ground.env, ground.folder);
  const { process: worker } = await ground.worker([modelUrl]);
  const env = { ...ground.env, PORT: `${port}`, METRICS_PORT: `${metricsPort}` };
  const args = [...nodeArguments('gateway'), entryOf('gateway')];
  const gateway = startOwnedProcess(args, env, join(ground.folder, 'gateway.log'));
  await waitFor('The gateway', 120_000, async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok);
  return { port, headers: { authorization: `Bearer ${key}` }, gateway, worker };
}
