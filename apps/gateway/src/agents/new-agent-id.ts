import { createHash } from 'node:crypto';

/** `AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX`: when it was made, and a part that follows from the command. */
export function newAgentId(commandId: string, nowMs: number): string {
  const [date = '', time = ''] = new Date(nowMs).toISOString().slice(0, 19).split('T');
  const hash = createHash('sha256').update(commandId).digest();
  const number = String(hash.readUInt32BE(0) % 10_000).padStart(4, '0');
  const letters = hash.subarray(4, 6).toString('hex').toUpperCase();
  return `AGENT-${date.replaceAll('-', '')}-${time.replaceAll(':', '')}-${number}-${letters}`;
}
