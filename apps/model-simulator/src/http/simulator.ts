import { RequestLog } from '../control/request-log.js';
import { ServedModels } from '../engine/served-models.js';
import { FaultRules } from '../faults/fault-rules.js';
import type { Script } from '../model/script.js';
import { OwnCounters } from '../metrics/own-counters.js';
import type { SimulatorSettings } from '../simulator-settings.js';

/** What every request of a running simulator shares. */
export class Simulator {
  readonly models: ServedModels;
  readonly faults = new FaultRules();
  readonly counters = new OwnCounters();
  readonly log: RequestLog;
  readonly startedSeconds = Math.floor(Date.now() / 1000);
  scripts: readonly Script[];

  constructor(readonly settings: SimulatorSettings) {
    this.models = new ServedModels(settings);
    this.log = new RequestLog(
      settings.logEntriesMax,
      settings.logFile,
      () => this.counters.onBound('log_entries'),
      () => this.counters.onBound('log_file'),
    );
    this.scripts = settings.scripts;
  }

  async stop(): Promise<void> {
    this.models.stop();
    await this.log.close();
  }
}

/** vLLM's version whose surface this is; the local part says that it is not the thing itself. */
export const simulatedVersion = '0.32.0+simulated';
export const fingerprint = 'vllm-0.32.0-simulated';
