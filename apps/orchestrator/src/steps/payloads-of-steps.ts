import { jsonText, jsonValue, type JsonText, type workflowWork } from '@chorda/contracts';
import { wholeOf, workflowLimits } from '@chorda/domain';
import {
  asPayloadRef,
  BackboneError,
  inlineBytesMax,
  type JsonValue,
  type Logger,
  type PayloadRef,
  type TenantId,
} from '@chorda/kernel';
import { PayloadChangedError, type PayloadStore } from '@chorda/platform';
import { failed, type StepOutcome } from './step-outcome.js';
import type { StepRunner } from './step-runner.js';

type Step = workflowWork.StepRequested;

/** Whose systems know nothing of our references: they are told the values. */
const toldWhole = new Set(['agent', 'llm', 'webhook']);

/**
 * Values that travel by reference, for executors of steps: whole where they leave us, and a reference again where they
 * come back large.
 */
export function withPayloads(runner: StepRunner, store: PayloadStore | undefined, logger: Logger): StepRunner {
  if (store === undefined) return { ...runner, run: async (assignment) => taken(await runner.run(assignment)) };
  return {
    ...runner,
    async run({ work, ...assignment }) {
      const { tenantId } = assignment;
      if (work.type !== 'workflow.step_requested') return runner.run({ work, ...assignment });
      let told: Step;
      try {
        told = await toldTo(store, tenantId, work);
      } catch (error) {
        const known = error instanceof BackboneError ? error : undefined;
        const mayPass = known === undefined || known.retriable;
        // Of a store that is away nothing is known: whoever has the work next may find it back. What must not be repeated
        // would be thought lost then, though nobody has begun it.
        if (mayPass && work.data.idempotent) throw error;
        const message = error instanceof Error ? error.message : String(error);
        return failed({ class: 'workflow', code: known?.code ?? 'PAYLOAD_NOT_READ', message, retriable: mayPass });
      }
      return smallOutcome(store, tenantId, logger, await runner.run({ work: told, ...assignment }));
    },
  };
}

async function toldTo(store: PayloadStore, tenantId: TenantId, work: Step): Promise<Step> {
  const { step_type, input_data, settings } = work.data;
  if (!toldWhole.has(step_type)) return work;
  const read = async ({ sha256, length }: PayloadRef): Promise<JsonValue> => {
    const found = await store.read(tenantId, sha256);
    // Whoever wrote the reference may have said less, past the bound.
    if (found.length !== length)
      throw new PayloadChangedError(sha256, `it has ${found.length} bytes, and not ${length}`);
    return jsonValue(found.toString('utf8') as JsonText);
  };
  const whole = async (text: JsonText) => (mayRefer(text) ? jsonText(await wholeOf(jsonValue(text), read)) : text);
  if (step_type === 'webhook') {
    // Parameters of an operation may be its body.
    const told = { input_data: await whole(input_data), settings: await whole(settings) };
    return { ...work, data: { ...work.data, ...told } };
  }
  // An agent's own input may be a reference, which its executor reads.
  if (!mayRefer(input_data) || (step_type === 'agent' && asPayloadRef(jsonValue(input_data)) !== undefined))
    return work;
  const input = await whole(input_data);
  const told = step_type === 'agent' ? await store.small(tenantId, input) : input;
  return { ...work, data: { ...work.data, input_data: told as JsonText } };
}

/** A reference has this member: most texts have none, and are not looked through. */
function mayRefer(text: JsonText): boolean {
  return text.includes('"sha256"');
}

/** A store that is away takes nothing from what was done, unless it is too large to be taken as it is. */
async function smallOutcome(
  store: PayloadStore,
  tenantId: TenantId,
  logger: Logger,
  outcome: StepOutcome,
): Promise<StepOutcome> {
  if (outcome.kind !== 'result' || outcome.output_data === null) return outcome;
  if (Buffer.byteLength(outcome.output_data) <= inlineBytesMax) return outcome;
  try {
    return { ...outcome, output_data: (await store.small(tenantId, outcome.output_data)) as JsonText };
  } catch (error) {
    logger.error('A result could not be kept by reference', { error });
    return taken(outcome);
  }
}

/** Larger than the rules take, and perhaps than a record holds: it could be sent for ever. */
function taken(outcome: StepOutcome): StepOutcome {
  const { resultBytesMax } = workflowLimits;
  if (outcome.kind !== 'result' || Buffer.byteLength(outcome.output_data ?? '') <= resultBytesMax) return outcome;
  const message = `The step was done; its output has more than ${resultBytesMax} bytes, and could not be kept by reference`;
  return failed({ class: 'workflow', code: 'RESULT_TOO_LARGE', message, retriable: false }, outcome.duration_ms);
}
