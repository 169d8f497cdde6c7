import { listDeadLetters, type DeadLetter } from '@chorda/messaging';
import type { CommandContext } from '../command-line/command-line.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { CommandFailure } from '../command-line/failure.js';
import { withKafka } from '../command-line/kafka.js';
import { toJson } from '../command-line/output.js';
import { letterJson } from './letter-json.js';

export interface ShowOptions {
  readonly topic: string;
  readonly group: string;
  readonly partition: number;
  readonly offset: number;
}

export async function showDeadLetter(context: CommandContext, options: ShowOptions): Promise<void> {
  const { topic, group, partition } = options;
  const letters = await withKafka(context.environment, (driver) =>
    listDeadLetters(driver, { topic, group, includeRedriven: true }),
  );
  const isWanted = ({ place }: DeadLetter) => place.partition === partition && place.offset === BigInt(options.offset);
  const letter = letters.find(isWanted);
  if (letter === undefined) {
    const next = `\`chorda dead-letters list -t ${topic} -g ${group} --each\` shows the places of those that there are.`;
    throw new CommandFailure(exitCodes.notFound, `There is no dead letter at ${partition}/${options.offset}`, next);
  }
  const whole = { ...letterJson(letter), headers: headersJson(letter), value: valueJson(letter) };
  context.output.result(whole, () => toJson(whole, 2));
}

function headersJson({ record }: DeadLetter): Readonly<Record<string, string | readonly string[]>> {
  const entries = Object.entries(record.headers).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return [[name, Buffer.isBuffer(value) ? value.toString('utf8') : value.map((each) => each.toString('utf8'))]];
  });
  return Object.fromEntries(entries) as Record<string, string | readonly string[]>;
}

/** The bytes as they were, and what of them can be read: why a record did not decode is seen in its bytes. */
function valueJson({ record: { value } }: DeadLetter) {
  if (value === null) return null;
  return {
    bytes: value.length,
    base64: value.toString('base64'),
    text: value.toString('latin1').replaceAll(/[^ -~]+/g, '·'),
  };
}
