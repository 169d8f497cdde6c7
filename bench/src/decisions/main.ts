import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startStack } from '@chorda/testing';
import { doors } from './doors.js';
import { throughput } from './throughput.js';
import { timers } from './timers.js';

const usage = `npm run bench -- decisions [--only throughput,doors,timers --arms engine,append,emmett
  --at-once 1,16,128,1024 --seconds 8 --rounds 3 --streams 1000 --timers 100000 --over 60]

throughput  Commands decided a second, from giving a command to its answer, and processor time of each process:
            engine  keeps command and event on the log, and answers after both; in a process of its own
            append  one append with an expected version a command, and no log
            emmett  Emmett's Postgres store, fetched when it is asked for: its append alone, without a decision
doors       agents created at the gateway: from the POST to its answer and to the read model; first by one caller who rests
            between two of them, then by so many at once; who is refused comes again when the gateway says, and is counted
timers      how late timers fire that come due evenly over --over seconds

Callers and servers share this machine; fsync is on.`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'throughput,doors,timers' },
    arms: { type: 'string', default: 'engine,append,emmett' },
    'at-once': { type: 'string', default: '1,16,128,1024' },
    seconds: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '3' },
    streams: { type: 'string', default: '1000' },
    timers: { type: 'string', default: '100000' },
    over: { type: 'string', default: '60' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const wanted = new Set(values.only.split(','));
const progress = (line: string) => console.log(line);
const folder = mkdtempSync(join(tmpdir(), 'chorda-bench-'));
const seconds = Number(values.seconds);
const atOnce = values['at-once'].split(',').map(Number);
const stack = await startStack(wanted.has('doors') ? {} : { servers: ['kafka', 'postgres'] });
try {
  const common = { stack, folder, progress, seconds, atOnce };
  if (wanted.has('throughput')) {
    const [rounds, streams] = [Number(values.rounds), Number(values.streams)];
    await throughput({ ...common, rounds, streams, arms: values.arms.split(',') });
  }
  if (wanted.has('doors')) await doors(common);
  if (wanted.has('timers')) {
    await timers({ ...common, timers: Number(values.timers), overSeconds: Number(values.over) });
  }
} finally {
  await stack.stop();
}
