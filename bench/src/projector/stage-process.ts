// One stage of the ladder alone, in a process of its own, so that its processor time is its own. Lines that begin with @
// say how many events it has done.
import { readFileSync } from 'node:fs';
import { parseStage, type StageSettings } from './stage-settings.js';
import { consumeOnly, decodeOnly, decodeAndFold, naive } from './stages-of-log.js';
import { copyInto, copyJournal, copyAndMerge, unnestUpsert } from './stages-of-table.js';

export type Report = (done: number) => void;

const stages: Readonly<Record<StageSettings['stage'], (settings: StageSettings, report: Report) => Promise<void>>> = {
  consume: consumeOnly,
  decode: decodeOnly,
  fold: decodeAndFold,
  naive,
  heap: copyInto,
  indexed: copyInto,
  journal: copyJournal,
  merge: copyAndMerge,
  unnest: unnestUpsert,
};

const settings = parseStage(readFileSync(0, 'utf8'));
await stages[settings.stage](settings, (done) => process.stdout.write(`@${done}\n`));
// Until it is told to end: its processor time is read after its last line.
setInterval(() => undefined, 60_000);
