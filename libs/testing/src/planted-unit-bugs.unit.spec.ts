import { fileURLToPath } from 'node:url';
import { plantableUnitBugs, type PlantableUnitBug } from '@chorda/platform';
import { beforeAll, describe, expect, it } from 'vitest';
import { runPlanted, type TestResult } from './planted-run.js';

type Planted = PlantableUnitBug | 'triggers-random-run-id';

interface Named {
  readonly file: string;
  readonly test: string;
}

const webhooks = 'apps/orchestrator/src/steps/webhook/call-webhook';
const jobs = 'apps/orchestrator/src/bulk/run-jobs';
const events = 'apps/orchestrator/src/events/run-events';
const triggers = 'apps/orchestrator/src/triggers/event-triggers';

/** The tests are worth what they would catch: each bug has a named test that fails with it. */
const caughtBy: Readonly<Record<Planted, Named>> = {
  'webhooks-key-per-try': {
    file: webhooks,
    test: 'sends its input as JSON with one key for all its tries, and comes to what was answered',
  },
  'webhooks-unknown-failed': {
    file: webhooks,
    test: 'is unknown where the server hung up, and has failed where nobody was reached',
  },
  'models-key-per-try': {
    file: 'apps/orchestrator/src/steps/begin-llm',
    test: 'asks under the name of its try, for its run and step, and has the answer told to the run',
  },
  'steps-repeat-all': {
    file: 'apps/orchestrator/src/steps/step-work.kind',
    test: 'is begun again when whoever did it is lost where its definition says that it may be, and else is not',
  },
  'steps-untaken-passed-by': {
    file: 'libs/work/src/work-handover',
    test: 'leaves to the log what the inbox did not take',
  },
  'triggers-no-depth': { file: triggers, test: 'goes one deeper with each run of a chain, and no deeper than it may' },
  'triggers-random-run-id': {
    file: triggers,
    test: 'gives the same command again for the same event, and another for another',
  },
  'run-jobs-position-first': {
    file: jobs,
    test: 'counts a page when all of its runs were told, and tells those of one that was cut short again',
  },
  'run-jobs-random-command-id': {
    file: jobs,
    test: 'goes on where it stood, and gives the same command for the same run',
  },
  'payloads-reference-first': {
    file: 'libs/platform/src/payloads/payload-store',
    test: 'names a value when it is kept, and not before: whoever reads the name may look at once',
  },
  'tail-streams-as-one': {
    file: 'apps/gateway/src/stream/tail-session',
    test: 'sees the same version of two streams of one subject, from the journal and from the log',
  },
  'rebuild-gives-no-way': {
    file: 'apps/projector/src/rebuild/rebuild-pace',
    test: 'takes what leaves live below its bound, and neither everything nor nothing',
  },
  'run-events-not-looked-back': {
    file: events,
    test: 'is heard by a run that begins to wait later, and that nobody waited for then',
  },
  'run-events-signal-per-telling': { file: events, test: 'counts once for a run, however often its batch is read' },
};
const untouched = [
  'gives status, headers and body where it is asked to, without cookies',
  'asks for a value of a schema',
  'is known by its try: the same record again is the same work',
  'is taken at once, all partitions together, and passed by when the log brings it',
  'makes a dead letter of what cannot be started',
  'tells no more than it may, and says that there were more',
  'shows a tenant its own values alone',
  'sees each partition in order',
  'takes all of its time, in large transactions, while nothing is live',
  'is told no more to a run that waits no more',
];
const bugs: readonly Planted[] = [...plantableUnitBugs, 'triggers-random-run-id'];

describe('a planted bug that is seen without a server', { timeout: 300_000 }, () => {
  let results: readonly TestResult[];

  // All at once, in one process: no two of them are seen by the same test.
  beforeAll(async () => {
    const named = bugs.map((bug) => caughtBy[bug]);
    const files = [...new Set(named.map(({ file }) => file))];
    const paths = files.map((file) => fileURLToPath(new URL(`../../../${file}.unit.spec.ts`, import.meta.url)));
    const tests = [...named.map(({ test }) => test), ...untouched];
    results = await runPlanted(undefined, bugs.join(), paths, tests, 'unit');
  }, 300_000);

  it.each(bugs)('%s makes its named test fail', (bug) => {
    const named = results.find(({ fullName }) => fullName.includes(caughtBy[bug].test));
    expect(named, 'there is no test of that name').toMatchObject({ status: 'failed' });
    expect(named?.failureMessages?.join('\n')).toMatch(/AssertionError|expected .+ to /);
  });

  it.each(untouched)('leaves others as they are: %s', (test) => {
    expect(results.find(({ fullName }) => fullName.includes(test))).toMatchObject({ status: 'passed' });
  });
});
