import { describe, expect, it } from 'vitest';
import {
  cel,
  flow,
  human,
  llm,
  map,
  openapi,
  script,
  text,
  timer,
  tool,
  waitFor,
  webhook,
  workflow,
} from '@chorda/workflows';
import {
  answers,
  answersWith,
  fails,
  givenWorkflow,
  isLost,
  isNeverTaken,
  responds,
  staysSilent,
  type TestedRun,
} from './index.js';

const order = workflow('order', { timeout: '90d' })
  .input<{ sku: string; count: number }>({ type: 'object', required: ['sku'], properties: { sku: { type: 'string' } } })
  .step('reserve', ({ input }) =>
    tool<{ id: string }>('reserve', {
      input: { sku: input.sku },
      retry: { attempts: 3, backoff: '2s', errors: { codes: ['BUSY'] } },
      compensate: tool('release', { input: { id: '${output.id}' } }),
    }),
  )
  .step('approve', { needs: ['reserve'] }, ({ input }) =>
    human(text`Ship ${input.count} of ${input.sku}?`, {
      when: cel`${input.count} > 10`,
      assignees: ['ada'],
      due: '1d',
      expires: '2d',
      fail_on_rejection: true,
      on_failure: 'fail',
    }),
  )
  .step('ship', { needs: ['reserve', 'approve'] }, ({ steps }) =>
    tool<{ parcel: string }>('ship', { input: { id: steps.reserve.output.id }, on_failure: 'fail' }),
  )
  .output(({ steps }) => ({ parcel: steps.ship.output.parcel }));

const shop = givenWorkflow(order)
  .withTool('reserve', answers({ id: 'r-1' }))
  .withTool('release', answers(null))
  .withTool('ship', answers({ parcel: 'p-1' }));

const oneTool = (options: object) =>
  givenWorkflow(workflow('one').step('work', () => tool('work', { on_failure: 'fail', ...options })));

/** What a test would print. */
function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return String(error instanceof Error ? error.message : error);
  }
  throw new Error('Nothing was thrown');
}

describe('a scripted world', () => {
  it('does steps of tools, and what they come to can be asked for', () => {
    shop
      .whenStarted({ sku: 'a', count: 2 })
      .thenCompleted({ parcel: 'p-1' })
      .thenCalled('ship', [{ id: 'r-1' }])
      .thenNotCalled('release')
      .thenSteps({ reserve: 'completed', approve: 'skipped', ship: 'completed' })
      .thenPlan([['reserve'], ['approve'], ['ship']])
      .thenReport({ status: 'completed', errors: [] })
      .thenTook(0);
  });

  it('asks people, and undoes what was done where they refuse', () => {
    const run = shop.whenStarted({ sku: 'a', count: 12 }).thenStatus('running');
    run.thenTask('approve', { title: 'Ship 12 of a?', assignees: ['ada'], due_at: '2026-11-22T12:00:00.000Z' });
    run.thenRefuses('TASK_FORBIDDEN', () => run.whenDecided('approve', 'approved', { by: 'eve' }));
    run
      .whenTimePasses('5h')
      .whenDecided('approve', 'rejected', { by: 'ada', comment: 'too many' })
      .thenFailed({ class: 'human', code: 'TASK_REJECTED', message: 'too many' })
      .thenCompensated(['reserve'])
      .thenCalled('release', [{ id: 'r-1' }])
      .thenNotCalled('ship')
      .thenTook('5h');
  });

  it('closes a task that nobody answers', () => {
    shop.whenStarted({ sku: 'a', count: 12 }).whenLeftAlone().thenFailed({ code: 'TASK_EXPIRED' }).thenTook('2d');
  });

  it('tries again by the rules, and takes one reply a try', () => {
    shop
      .withTool('reserve', fails('BUSY'), fails('BUSY'), answers({ id: 'r-3' }))
      .whenStarted({ sku: 'a', count: 1 })
      .thenStep('reserve', { status: 'retrying', attempt: 1, error: { code: 'BUSY' } })
      .whenTimePasses('1m')
      .thenStep('reserve', { status: 'completed', attempt: 3 })
      .thenCompleted()
      .thenHistoryHas(['step_failed reserve', 'step_failed reserve', 'step_completed reserve', 'completed']);
  });

  it('makes an incident of what nobody can decide, and goes on as a person says', () => {
    const run = oneTool({ on_failure: 'pause' }).withTool('work', isLost()).whenStarted();
    run.thenIncident('work', { code: 'OUTCOME_UNKNOWN' }).thenStatus('paused');
    run.thenRefuses('INCIDENT_OPEN', () => run.whenResumed());
    run.whenRetried('work', { as: 'completed', output: 7 }).thenCompleted({ work: 7 });
  });

  it('is strict about the input', () => {
    expect(() => shop.whenStarted({ count: 1 })).toThrow(/input_data .*sku/);
  });

  it('answers webhooks as servers do', () => {
    const call = givenWorkflow(
      workflow('call').step('pay', () =>
        webhook('https://pay.example/charges', {
          output_as: 'body',
          input: { sum: 3 },
          retry: { attempts: 2, backoff: '1s', errors: { statuses: [503] } },
          on_failure: 'fail',
        }),
      ),
    );
    call
      .withWebhook('POST https://pay.example/', responds(503), responds(201, { id: 9 }))
      .whenStarted()
      .whenLeftAlone()
      .thenCompleted({ pay: { id: 9 } })
      .thenCalled('POST https://pay.example/charges', [{ sum: 3 }, { sum: 3 }]);
    call
      .withWebhook('POST https://pay.example/', responds(404))
      .whenStarted()
      .thenFailed({ class: 'http', code: 'HTTP_404', status: 404 });
  });

  it('answers operations of OpenAPI by their names', () => {
    const call = (output_as: 'body' | 'raw') =>
      givenWorkflow(
        workflow('call').step('find', () =>
          openapi('https://pets.example/openapi.json', 'findPets', { parameters: { status: 'sold' }, output_as }),
        ),
      ).withWebhook('OPERATION findPets', responds(200, [{ id: 9 }]));
    call('body')
      .whenStarted()
      .thenCompleted({ find: [{ id: 9 }] });
    call('raw')
      .whenStarted()
      .thenCompleted({ find: Buffer.from('[{"id":9}]').toString('base64') });
  });

  it('lets a model say only what it could', () => {
    const ask = givenWorkflow(
      workflow('ask').step('mood', () =>
        llm({ input: 'How?', answer_schema: { type: 'string', enum: ['good', 'bad'] } }),
      ),
    );
    ask.withModel(answers('good')).whenStarted().thenCompleted({ mood: 'good' });
    expect(() => ask.withModel(answers('fine')).whenStarted()).toThrow(/mood breaks its answer_schema/);
  });

  it('does the items of a map, and a step by its name before anything else', () => {
    const each = workflow('each')
      .step('double', () => tool<number>('double', { input: '${item}' }))
      .output(({ steps }) => steps.double.output);
    const all = givenWorkflow(
      workflow('all')
        .step('items', () => map([1, 2, 3], each.flow()))
        .output(({ steps }) => steps.items.output),
    );
    all
      .withTool(
        'double',
        answersWith<number>((item) => item * 2),
      )
      .whenStarted()
      .thenCompleted([2, 4, 6]);
    all.withTool('double', answers(0)).withStep('items/double', answers(1)).whenStarted().thenCompleted([1, 1, 1]);
  });
});

describe('the clock', () => {
  const year = workflow('year')
    .step('sleep', () => timer({ for: '365d' }))
    .step('paid', { needs: ['sleep'] }, () => waitFor<number>('paid', { ttl: '30d', on_failure: 'fail' }))
    .output(({ steps }) => steps.paid.output.data);

  it('waits a year in milliseconds', () => {
    const begunMs = performance.now();
    const run = givenWorkflow(year).whenStarted(null, { at: '2026-01-01T00:00:00Z' });
    run.whenTimePasses('364d').thenWaitsFor('sleep').whenTimePasses('1d').thenWaitsFor('paid');
    run.whenSignalled('paid', 5).thenCompleted(5).thenTook('1y');
    expect(run.now.toISOString()).toBe('2027-01-01T00:00:00.000Z');
    expect(performance.now() - begunMs).toBeLessThan(5_000);
  });

  it('passes until nothing happens by itself', () => {
    givenWorkflow(year)
      .whenStarted()
      .whenLeftAlone()
      .thenFailed({ class: 'timeout', code: 'EVENT_TIMEOUT' })
      .thenTook('395d');
  });

  it('keeps a signal that comes too early for as long as it says', () => {
    givenWorkflow(year)
      .whenStarted()
      .whenSignalled('paid', 1, { ttl: '1d' })
      .whenTimePasses('365d')
      .thenWaitsFor('paid');
    givenWorkflow(year).whenStarted().whenSignalled('paid', 1, { ttl: '366d' }).whenTimePasses('365d').thenCompleted(1);
    const run = givenWorkflow(year).whenStarted().whenSignalled('paid', 1, { id: 's' });
    run.whenSignalled('paid', 1, { id: 's' }).thenNothing();
  });

  it('strikes with each time-out', () => {
    const silent = (timeouts: object, idempotent = false) =>
      oneTool({ timeouts, idempotent }).withTool('work', staysSilent()).whenStarted();
    silent({ run: '10s' })
      .whenTimePasses('10s')
      .thenStep('work', { status: 'incident', error: { code: 'OUTCOME_UNKNOWN' } });
    silent({ run: '10s' }, true).whenTimePasses('10s').thenFailed({ class: 'timeout', code: 'STEP_TIMEOUT' });
    silent({ idle: '10s', run: '1h' }, true).whenTimePasses('10s').thenFailed({ code: 'IDLE_TIMEOUT' });
    oneTool({ timeouts: { schedule_to_start: '1m' } })
      .withTool('work', isNeverTaken())
      .whenStarted()
      .whenTimePasses('1m')
      .thenFailed({ code: 'NOT_STARTED' });
  });

  it('lets answers come late: they change nothing', () => {
    const run = oneTool({ timeouts: { run: '10s' }, idempotent: true })
      .withTool('work', answers(1).after('11s'))
      .whenStarted();
    run.whenTimePasses('10s').thenFailed({ code: 'STEP_TIMEOUT' });
    const before = run.history.length;
    expect(run.whenTimePasses('1h').history).toHaveLength(before);
  });

  it('hears signs of life', () => {
    const idle = oneTool({ timeouts: { idle: '10s' }, idempotent: true });
    idle
      .withTool('work', answers(1).after('1m').withProgressEvery('5s'))
      .whenStarted()
      .whenLeftAlone()
      .thenCompleted()
      .thenTook('1m');
    idle.withTool('work', answers(1).after('1m')).whenStarted().whenLeftAlone().thenFailed({ code: 'IDLE_TIMEOUT' });
  });
});

describe('a worker that is not scripted', () => {
  const run = (): TestedRun => oneTool({ idempotent: true }).whenStarted();

  it('is waited for, and may answer twice: the second answer changes nothing', () => {
    run().thenWaitsFor('work').whenAnswered('work', 1).thenCompleted({ work: 1 }).whenAnswered('work', 2).thenNothing();
    run().whenFailed('work', { code: 'NO' }).thenFailed({ code: 'NO' });
  });

  it('is cancelled with the run', () => {
    run().whenCancelled({ reason: 'over' }).thenStatus('cancelling').whenTimePasses('10s').thenCancelled();
    run().whenCancelled({ hard: true }).thenCancelled();
  });

  it('is not asked while the run is paused', () => {
    const slow = givenWorkflow(
      workflow('w')
        .step('a', () => timer({ for: '1m' }))
        .step('b', { needs: ['a'] }, () => tool('t')),
    );
    slow.whenStarted().whenPaused('lunch').whenTimePasses('1h').thenNotCalled('t').whenResumed().thenCalled('t');
  });
});

describe('a message of what does not hold', () => {
  it('says what was expected, where it differs, and how the run stands', () => {
    const run = shop.whenStarted({ sku: 'a', count: 2 });
    expect(messageOf(() => run.thenCompleted({ parcel: 'p-2', weight: 3 }))).toBe(
      [
        'Expected another output',
        '  /parcel is "p-1"; expected "p-2"',
        '  /weight is missing; expected 3',
        '',
        'order is completed at once, output {"parcel":"p-1"}',
        '  ✓ reserve  tool   completed  {"id":"r-1"}',
        '  - approve  human  skipped',
        '  ✓ ship     tool   completed  {"parcel":"p-1"}',
      ].join('\n'),
    );
  });

  it('says what would let it go on', () => {
    const waiting = givenWorkflow(order).withTool('reserve', fails('BUSY'), answers({ id: 'r-1' }));
    const run = waiting.whenStarted({ sku: 'a', count: 12 });
    expect(messageOf(() => run.thenCompleted())).toMatch(/the clock: reserve is tried again in 1\.\ds/);
    run.whenTimePasses('2s');
    expect(messageOf(() => run.thenCompleted())).toContain("whenDecided('approve', …): a person has to decide");
    run.whenDecided('approve', 'approved');
    expect(messageOf(() => run.thenCompleted())).toContain(
      "ship: nobody answers the tool ship; .withTool('ship', answers(…)) would",
    );
    expect(messageOf(() => run.thenCalled('pay'))).toContain('called were reserve, ship');
    expect(messageOf(() => run.thenHistoryHas(['step_completed ship']))).toContain(
      'Expected step_completed ship at all',
    );
    expect(messageOf(() => run.thenRefuses('X', () => run.whenDecided('approve', 'approved')))).toContain(
      'TASK_NOT_OPEN',
    );
    expect(messageOf(() => run.whenDecided('nobody', 'approved'))).toContain('There is no step nobody yet');
  });

  it('of a definition names every fault with its place', () => {
    expect(() => givenWorkflow('workflow: w\nsteps:\n  a: { kind: script }\n')).toThrow(
      /is not valid:\n {2}3:\d+ \/steps\/a/,
    );
  });

  it('takes matchers of the test runner', () => {
    const run = givenWorkflow(workflow('w').step('a', () => script({ id: 'x-1', n: 2 }))).whenStarted();
    run.thenCompleted({ a: { id: expect.stringMatching(/^x-/), n: expect.any(Number) } });
    expect(messageOf(() => run.thenCompleted({ a: expect.objectContaining({ n: 3 }) }))).toContain('/a is');
  });
});

it('runs flows within flows', () => {
  const inner = workflow('inner')
    .step('a', () => tool('a'))
    .step('b', { needs: ['a'] }, () => tool('b'));
  const run = givenWorkflow(workflow('outer').step('both', () => flow(inner.flow(), { on_failure: 'fail' })))
    .withTool('a', answers(1))
    .withTool('b', fails('NO'))
    .whenStarted();
  run.thenStep('both/a', { status: 'completed', output: 1 }).thenStep('both/b', { error: { code: 'NO' } });
});
