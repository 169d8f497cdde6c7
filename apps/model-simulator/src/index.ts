export { engineDefaults, type EngineSettings } from './engine/engine-settings.js';
export type { Fault, FaultRule } from './faults/fault.js';
export type { LoggedRequest, RequestOutcome } from './control/request-log.js';
export type { Script, ScriptTurn } from './model/script.js';
export { startSimulatorApp } from './start-simulator-app.js';
export { simulatorDefaults, type LoraAdapter, type SimulatorSettings } from './simulator-settings.js';
export { startModelSimulator, type ModelSimulator, type ModelSimulatorOptions } from './start-model-simulator.js';
