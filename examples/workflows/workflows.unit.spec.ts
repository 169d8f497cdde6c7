import { globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { answers, answersWith, fails, givenWorkflow, staysSilent } from '@chorda/testing/workflows';
import { describe, expect, it } from 'vitest';
import { crew } from './crew.workflow.js';
import { documentAnalysis } from './document-analysis.workflow.js';
import { tools } from './tools.js';

const file = (name: string) => givenWorkflow(new URL(name, import.meta.url));
/** The tools that the worker of the examples has. */
const withTools = (name: string) =>
  Object.entries(tools).reduce(
    (given, [tool, run]) =>
      given.withTool(
        tool,
        answersWith<object>((input, { stepId }) => run({ ...input }, stepId)),
      ),
    file(name),
  );

describe('an order', () => {
  const order = { order: 'o-7', sku: 'pump', count: 2, price: 30, country: 'FR' };

  it('is reserved, charged and shipped', () => {
    withTools('order.yaml')
      .whenStarted(order)
      .thenCompleted({ parcel: 'parcel-ship', paid: 60 })
      .thenEmitted('order.shipped', { order: 'o-7', parcel: 'parcel-ship' })
      .thenCompensated([]);
  });

  it('is undone in reverse order where nobody ships it', () => {
    withTools('order.yaml')
      .withTool('parcel.send', fails('NO_CARRIER'))
      .whenStarted(order)
      .thenFailed({ class: 'tool', code: 'NO_CARRIER' })
      .thenCompensated(['charge', 'reserve'])
      .thenCalled('payment.refund', [{ payment: 'payment-charge' }])
      .thenCalled('stock.release', [{ reservation: 'reservation-reserve' }]);
  });

  it('charges nobody twice: what nobody knows waits for a person', () => {
    const run = withTools('order.yaml').withTool('payment.charge', staysSilent()).whenStarted(order);
    run
      .whenTimePasses('1d')
      .thenIncident('charge', { code: 'OUTCOME_UNKNOWN' })
      .thenCalled('payment.charge', [{ order: 'o-7', amount: 60 }]);
    run.whenRetried('charge', { as: 'completed', output: { payment: 'p-9', amount: 60 } }).thenCompleted();
  });

  it('waits where the stock is busy', () => {
    const run = withTools('order.yaml').withTool('stock.reserve', fails('STOCK_BUSY'), answers({ reservation: 'r' }));
    run.whenStarted(order).whenLeftAlone().thenCompleted().thenStep('reserve', { attempt: 2 });
  });
});

describe('a credit', () => {
  const asked = { customer: 'ada', amount: 20_000, years: 4 };

  it('is granted by what a person enters', () => {
    file('credit-approval.yaml')
      .whenStarted(asked)
      .thenTask('decide', {
        title: 'Credit of 20000 EUR for ada?',
        groups: ['credit'],
        due_at: '2026-11-22T12:00:00.000Z',
      })
      .whenTimePasses('20h')
      .thenRefuses('TASK_FORBIDDEN', (run) => run.whenDecided('decide', 'submitted', { by: 'eve' }))
      .thenRefuses('INVALID_COMMAND', (run) =>
        run.whenDecided('decide', 'submitted', { form: { limit: 60_000, reason: 'why not' } }),
      )
      .whenDecided('decide', 'submitted', {
        by: 'bob',
        groups: ['credit'],
        form: { limit: 15_000, reason: 'pays in time' },
      })
      .thenCompleted({ limit: 15_000, reason: 'pays in time', by: 'bob' })
      .thenEmitted('credit.granted', { customer: 'ada', limit: 15_000 });
  });

  it('is refused where nobody answers for three days', () => {
    const run = file('credit-approval.yaml').whenStarted(asked).whenLeftAlone();
    run
      .thenCompleted({ limit: 0, reason: 'Nobody decided in time', by: 'clock' })
      .thenTook('3d')
      .thenSteps({ granted: 'skipped' });
  });
});

describe('the report of a night', () => {
  const night = { day: '2026-11-21', publish_at: '2026-11-22T06:00:00Z' };
  const figures = { day: '2026-11-21', orders: 412, revenue: 48_211.5, complaints: 3 };

  it('is published in the morning', () => {
    const run = withTools('nightly-report.yaml').whenStarted(night, { at: '2026-11-22T01:00:00Z' });
    run.thenPlan([['orders', 'complaints'], ['figures'], ['morning'], ['publish']]).thenWaitsFor('morning');
    run.whenTimePasses('4h').thenWaitsFor('morning').whenItIs('2026-11-22T06:00:00Z');
    run.thenCompleted(figures).thenEmitted('report.published', figures).thenTook('5h');
  });

  it('is made without complaints where nobody has them', () => {
    const run = withTools('nightly-report.yaml').withTool('figures.complaints', staysSilent());
    run
      .whenStarted(night, { at: '2026-11-22T01:00:00Z' })
      .whenLeftAlone()
      .thenCompleted({ ...figures, complaints: -1 });
  });
});

describe('the analysis of documents', () => {
  const documents = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name: `${name}.md`, text: `About ${name}` }));
  const reader = documentAnalysis;

  it('reads each and sums them up', () => {
    const run = givenWorkflow(reader)
      .withStep(
        'each/read',
        answersWith<{ document: { text: string } }>(({ document }) => ({ content: document.text })),
      )
      .withStep('overview', answers({ content: 'Letters' }))
      .whenStarted({ agent: 'AGENT-1', documents });
    const summaries = documents.map(({ name, text }) => ({ document: name, summary: text }));
    run.thenCompleted({ documents: summaries, overview: 'Letters' });
    expect(run.calls('AGENT-1')).toHaveLength(6);
  });

  it('has four under way at once', () => {
    const run = givenWorkflow(reader).withAgent('*', answers({ content: 'x' }).after('10s'));
    expect(run.whenStarted({ agent: 'AGENT-1', documents }).calls()).toHaveLength(4);
    run.whenStarted({ agent: 'AGENT-1', documents }).whenLeftAlone().thenCompleted().thenTook('30s');
  });
});

describe('a crew', () => {
  const given = { topic: 'pumps', agents: { researcher: 'R', writer: 'W', critic: 'C' } };
  const cast = givenWorkflow(crew).withAgent('R', answers({ content: 'facts' }));

  it('hands over until the critic approves', () => {
    cast
      .withAgent('W', answers({ content: 'draft 1' }), answers({ content: 'draft 2' }))
      .withAgent('C', answers({ content: 'Too short' }), answers({ content: 'APPROVED' }))
      .whenStarted(given)
      .thenCompleted({ text: 'draft 2', revisions: 1 })
      .thenCalled('W', [
        { task: 'Write it, and heed the remarks.', notes: 'facts', remarks: null },
        { task: 'Write it, and heed the remarks.', notes: 'facts', remarks: 'Too short' },
      ]);
  });

  it('ends where the critic never does', () => {
    const run = cast.withAgent('W', answers({ content: 'draft' })).withAgent('C', answers({ content: 'No' }));
    run.whenStarted(given).thenCompleted({ text: 'draft', revisions: 2 });
  });

  it('gives up where the writer is away', () => {
    const away = cast.withAgent('W', fails({ class: 'agent', code: 'MODEL_AWAY', retriable: true })).whenStarted(given);
    away.whenLeftAlone().thenFailed({ class: 'agent', code: 'MODEL_AWAY' }).thenCalled('W');
  });
});

it.each(globSync('*.ts', { cwd: import.meta.dirname }))('Node runs %s as it is', (name) => {
  const source = readFileSync(new URL(name, import.meta.url), 'utf8');
  expect(() => stripTypeScriptTypes(source)).not.toThrow();
});
