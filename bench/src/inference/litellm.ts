import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder, freePorts } from '@chorda/native-stack';
import { waitFor } from '../backbone.js';
import { startOwnedProcess, type OwnedProcess } from '../owned-process.js';

const run = promisify(execFile);
const requirements = fileURLToPath(new URL('../../rivals/litellm/requirements.txt', import.meta.url));
const installedMark = 'installed';

export interface LiteLlm {
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly process: OwnedProcess;
}

/** LiteLLM's proxy before the same server, as its manual has it: no database, no cache, no retries, its own key. */
export async function startLiteLlm(
  url: string,
  workers: number,
  folder: string,
  progress: (line: string) => void,
): Promise<LiteLlm> {
  const home = await installed(progress);
  const [port = 0] = await freePorts(1);
  const config = join(folder, 'litellm.json');
  // JSON is YAML.
  const model = { model: 'openai/simulated', api_base: `${url}/v1`, api_key: 'none' };
  const settings = {
    model_list: [{ model_name: 'simulated', litellm_params: model }],
    general_settings: { master_key: 'sk-bench' },
    litellm_settings: { num_retries: 0, telemetry: false, set_verbose: false },
  };
  writeFileSync(config, JSON.stringify(settings));
  const env = {
    PATH: `${join(home, 'bin')}:${process.env['PATH'] ?? ''}`,
    HOME: folder,
    LITELLM_LOG: 'ERROR',
    // Else it asks the network for a list of prices.
    LITELLM_LOCAL_MODEL_COST_MAP: 'True',
  };
  const args = ['--config', config, '--host', '127.0.0.1', '--port', `${port}`, '--num_workers', `${workers}`];
  const process_ = startOwnedProcess(args, env, join(folder, 'litellm.log'), { program: join(home, 'bin', 'litellm') });
  await waitFor('LiteLLM', 180_000, async () => (await fetch(`http://127.0.0.1:${port}/health/liveliness`)).ok);
  return { port, headers: { authorization: 'Bearer sk-bench' }, process: process_ };
}

/** In a virtual environment of its own, by the list of versions beside its recipe. */
async function installed(progress: (line: string) => void): Promise<string> {
  const list = readFileSync(requirements);
  const name = `rival-litellm-${createHash('sha256').update(list).digest('hex').slice(0, 16)}`;
  const folder = join(cacheFolder(process.env), name);
  if (existsSync(join(folder, installedMark))) return folder;
  progress('Fetching LiteLLM');
  mkdirSync(folder, { recursive: true });
  // Programs of a virtual environment hold its path: it cannot be moved when it is whole.
  await run('python3', ['-m', 'venv', '--clear', folder]);
  const args = ['-m', 'pip', 'install', '--quiet', '--no-input', '--requirement', requirements];
  await run(join(folder, 'bin', 'python'), args, { maxBuffer: 16 * 1024 * 1024 });
  writeFileSync(join(folder, installedMark), '');
  return folder;
}
