import type { KeyShape } from './workload.js';

export interface StageSettings {
  readonly stage: 'consume' | 'decode' | 'fold' | 'naive' | 'heap' | 'indexed' | 'journal' | 'merge' | 'unnest';
  readonly brokers: string;
  readonly topicPrefix: string;
  readonly registryUrl: string;
  readonly databaseUrl: string;
  readonly shape: KeyShape;
  /** Also the naive one's table. */
  readonly table: 'executed_v1' | 'latest_v1';
  readonly events: number;
  /** Events of one transaction, where a stage has such. */
  readonly batchRecords: number;
}

export function parseStage(text: string): StageSettings {
  return JSON.parse(text) as StageSettings;
}
