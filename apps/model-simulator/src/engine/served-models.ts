import type { LoraAdapter, SimulatorSettings } from '../simulator-settings.js';
import { Engine } from './engine.js';

export interface ServedModel {
  readonly name: string;
  readonly engine: Engine;
  readonly kind: 'generate' | 'embed';
  readonly lora: LoraAdapter | undefined;
}

/** A server may be told of adapters as long as it runs. */
const adaptersMax = 1_000;

/** The models of this server and the adapters on them, by the names that requests use. */
export class ServedModels {
  private readonly models = new Map<string, ServedModel>();

  constructor(settings: SimulatorSettings) {
    for (const name of settings.models) this.add(name, 'generate', settings);
    for (const name of settings.embeddingModels) this.add(name, 'embed', settings);
    for (const lora of settings.loras) this.load(lora);
  }

  get engines(): readonly Engine[] {
    return this.list()
      .filter(({ lora }) => lora === undefined)
      .map(({ engine }) => engine);
  }

  list(): readonly ServedModel[] {
    return [...this.models.values()];
  }

  /** Left out: the first model, as vLLM does it. */
  find(name: string | undefined): ServedModel | undefined {
    return name === undefined ? this.list()[0] : this.models.get(name);
  }

  /** False: there are as many as there may be, or no such base. */
  load(lora: LoraAdapter): boolean {
    const base = this.models.get(lora.base);
    if (base === undefined || base.lora !== undefined || this.models.size >= adaptersMax) return false;
    this.models.set(lora.name, { name: lora.name, engine: base.engine, kind: base.kind, lora });
    return true;
  }

  /** What runs with it goes on. */
  unload(name: string): boolean {
    return this.models.get(name)?.lora !== undefined && this.models.delete(name);
  }

  stop(): void {
    for (const engine of this.engines) engine.stop();
  }

  private add(name: string, kind: ServedModel['kind'], settings: SimulatorSettings): void {
    this.models.set(name, { name, kind, lora: undefined, engine: new Engine(name, settings.engine) });
  }
}
