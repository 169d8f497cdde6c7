export { demoDay, type DayOptions } from './demo/day.js';
export type { DemoEvent } from './demo/demo-event.js';
export { brokenRules } from './demo/lawful-order.js';
export { buildProgram, runChorda } from './program.js';
export { CommandLine, type Streams } from './command-line/command-line.js';
export { exitCodes, type ExitCode } from './command-line/exit-codes.js';
