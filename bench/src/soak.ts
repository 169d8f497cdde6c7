import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startStack } from '@chorda/testing';
import { isInHand, runBackbone, type BackboneRunReport } from './soak/backbone-run.js';
import { decisionsUsage, soakDecisions } from './soak/decisions/soak-decisions.js';
import { inferenceUsage, soakInference } from './soak/inference/soak-inference.js';
import { runSpecSoak } from './soak/spec-run.js';
import { soakWorkflows, workflowsUsage } from './soak/workflows/soak-workflows.js';

const usage = `npm run soak -- backbone [--events 100000] [--rate 900] [--kills 5]

Sends the demo day through the HTTP door while the gateway and the projector are killed (SIGKILL) that many times each,
then holds the log and the journal against the acknowledgements. Exit code 1: a promise was broken.

${decisionsUsage}

${inferenceUsage}

${workflowsUsage}

npm run soak -- projector [--rounds 3]

Runs the tests that break projectors (kills also in rebuilds, zombies, rebalance storm, Postgres cut in COMMIT, any log) that many
times, each time on topics and a database of its own; each ends with every read model equal to a rebuild from offset 0, by
hash. A round takes some two minutes on two quiet cores.

npm run soak -- fuzz [--factor 10]

Sends that many times as many requests made from the OpenAPI document as npm test does: no fault of the gateway's, no
status or member of an answer that is not documented.`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    events: { type: 'string', default: '100000' },
    rate: { type: 'string', default: '900' },
    kills: { type: 'string' },
    runs: { type: 'string', default: '10000' },
    'server-kills': { type: 'string', default: '6' },
    'at-once': { type: 'string', default: '100' },
    executions: { type: 'string', default: '5000' },
    requests: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '7' },
    plant: { type: 'string' },
    minutes: { type: 'string' },
    factor: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '3' },
    help: { type: 'boolean', default: false },
  },
});
const [soak] = positionals;
const kills = Number(values.kills ?? (soak === 'workflows' || soak === 'inference' ? '8' : '5'));
if ((soak === 'projector' || soak === 'fuzz') && !values.help)
  process.exit(await runSpecSoak(soak, { rounds: Number(values.rounds), factor: Number(values.factor) }));
if (soak === 'decisions' && !values.help) {
  const counts = { executions: Number(values.executions), kills, seed: Number(values.seed) };
  process.exit(await soakDecisions({ ...counts, plant: values.plant }));
}
if (soak === 'inference' && !values.help) {
  process.exit(await soakInference({ requests: Number(values.requests), kills, seed: Number(values.seed) }));
}
if (soak === 'workflows' && !values.help) {
  const counts = { runs: Number(values.runs), serverKills: Number(values['server-kills']) };
  const how = { atOnce: Number(values['at-once']), seed: Number(values.seed), plant: values.plant };
  const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
  process.exit(await soakWorkflows({ ...counts, ...how, kills, minutes }));
}
if (values.help || positionals[0] !== 'backbone') {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}

const folder = mkdtempSync(join(tmpdir(), 'chorda-soak-'));
console.log(`Logs and acknowledgements: ${folder}`);
const stack = await startStack();
let report: BackboneRunReport;
try {
  report = await runBackbone({
    stack,
    folder,
    events: Number(values.events),
    ratePerSecond: Number(values.rate),
    killsOfEach: kills,
    progress: (line) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`),
  });
} finally {
  await stack.stop();
}
console.log(`${report.acknowledged} acknowledged, ${report.applied} in the journal`);
console.log(`${report.repeatsOnLog} repeats on the log, dropped by the journal`);
console.log(`${report.acknowledgedAfterLastKill} acknowledged after the last kill`);
console.log(`${report.hits.length} kills, ${report.hits.filter(isInHand).length} of them with a batch in hand:`);
for (const point of new Set(report.hits)) {
  console.log(`  ${report.hits.filter((hit) => hit === point).length} x ${point}`);
}
for (const anomaly of report.anomalies.slice(0, 20)) console.error(`${anomaly.name}: ${anomaly.detail}`);
console.log(`${report.anomalies.length} anomalies`);
const isVacuous = report.hits.length < 2 * kills || report.acknowledgedAfterLastKill === 0;
if (isVacuous) console.error('The faults did not meet the load: send more events, or at a lower rate');
process.exit(report.anomalies.length > 0 || isVacuous ? 1 : 0);
