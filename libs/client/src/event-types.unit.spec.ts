import { describe, expect, expectTypeOf, it } from 'vitest';
import type { JsonValue } from '@chorda/contracts';
import {
  uncheckedEvent,
  type OutgoingData,
  type OutgoingEvent,
  type ReceivedData,
  type ReceivedEvent,
} from './index.js';

/** The compiler is the test here: each `@ts-expect-error` fails the type check where the line below it compiles. */
const sent = (event: OutgoingEvent) => event;

describe('the types of events', () => {
  it('take an event of the catalogue, what has the default null left out', () => {
    const event = sent({
      type: 'agent.executed',
      data: {
        agent_id: 'a',
        execution_id: 'e',
        input_data: { any: ['json', 1, null] },
        output_data: 'text',
        execution_time_ms: 12,
        status: 'completed',
      },
    });
    expect(event).toBeDefined();
  });

  it('take an event without the fields that have a default, in records of lists too, and no other', () => {
    const event = sent({
      type: 'external.webhook',
      data: { provider: 'github', event_name: 'push', body: { ref: 'main' } },
    });
    expect(event).toBeDefined();
    // @ts-expect-error -- body has no default
    expect(sent({ type: 'external.webhook', data: { provider: 'github', event_name: 'push' } })).toBeDefined();
    expectTypeOf<OutgoingData<'external.webhook'>['signature_verified']>().toEqualTypeOf<boolean | undefined>();
    expectTypeOf<OutgoingData<'workflow.step_completed'>['next_steps']>().toEqualTypeOf<
      readonly string[] | undefined
    >();
  });

  it('refuse a type that is not in the catalogue', () => {
    // @ts-expect-error -- no such type
    expect(sent({ type: 'agent.exploded', data: { agent_id: 'a' } })).toBeDefined();
  });

  it('refuse a field that the schema does not have', () => {
    // @ts-expect-error -- `agent` is no field
    expect(sent({ type: 'agent.deleted', data: { agent_id: 'a', agent: 'b' } })).toBeDefined();
  });

  it('refuse a field of the wrong type, a missing one, and the symbol that only readers have', () => {
    // @ts-expect-error -- agent_id is a text
    expect(sent({ type: 'agent.deleted', data: { agent_id: 1 } })).toBeDefined();
    // @ts-expect-error -- agent_id is missing
    expect(sent({ type: 'agent.deleted', data: {} })).toBeDefined();
    expectTypeOf<OutgoingData<'agent.executed'>['status']>().toEqualTypeOf<'completed' | 'failed' | 'cancelled'>();
    expectTypeOf<ReceivedData<'agent.executed'>['status']>().toEqualTypeOf<
      'unknown' | 'completed' | 'failed' | 'cancelled'
    >();
  });

  it('show a payload as JSON has it', () => {
    expectTypeOf<ReceivedData<'agent.executed'>['input_data']>().toEqualTypeOf<JsonValue>();
    expectTypeOf<ReceivedData<'agent.executed'>['agent_id']>().toEqualTypeOf<string>();
    expectTypeOf<ReceivedData<'agent.executed'>['execution_time_ms']>().toEqualTypeOf<number>();
    expectTypeOf<ReceivedData<'system.error_alert'>['offset']>().toEqualTypeOf<string | null>();
    expectTypeOf<ReceivedData<'system.health_check'>['started_at']>().toEqualTypeOf<string | null>();
    expectTypeOf<ReceivedData<'system.health_check'>['alerts']>().toEqualTypeOf<readonly string[]>();
  });

  it('take 64-bit numbers as bigint or text, and timestamps as dates or text', () => {
    expectTypeOf<OutgoingData<'system.error_alert'>['offset']>().toEqualTypeOf<bigint | string | null | undefined>();
    expectTypeOf<OutgoingData<'system.health_check'>['started_at']>().toEqualTypeOf<Date | string | null | undefined>();
  });

  it('narrow what is received by its type', () => {
    const agentOf = (event: ReceivedEvent) => (event.type === 'agent.failed' ? event.data.agent_id : undefined);
    expectTypeOf(agentOf).returns.toEqualTypeOf<string | undefined>();
  });

  it('let an event through that is said to be checked by the gateway alone', () => {
    expect(sent(uncheckedEvent({ type: String('agent.exploded'), data: {} }))).toBeDefined();
  });
});
