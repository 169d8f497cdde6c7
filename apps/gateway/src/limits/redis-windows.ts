import { hash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { slotMsOf, slotsPerSpan, type Taken, type Window, type WindowStore } from './window.js';

/**
 * One hash a window, a field a slot. Everything happens in the script, by Redis's own clock, so any number of gateways
 * share a window exactly.
 */
const script = `
local limit, slotMs, slots, wanted, whole = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5] == '1'
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local slot = math.floor(now / slotMs)
local taken, oldest = 0, slot
local counted = redis.call('HGETALL', KEYS[1])
for i = 1, #counted, 2 do
  local at = tonumber(counted[i])
  if at < slot - slots then
    redis.call('HDEL', KEYS[1], counted[i])
  else
    taken = taken + tonumber(counted[i + 1])
    if at < oldest then oldest = at end
  end
end
local left = limit - taken
local granted = 0
if whole then
  if left > 0 then granted = wanted end
else
  granted = math.max(0, math.min(left, wanted))
end
if granted > 0 then
  redis.call('HINCRBY', KEYS[1], slot, granted)
  redis.call('PEXPIRE', KEYS[1], slotMs * (slots + 2))
end
local reset = 0
if taken + granted > 0 then reset = (oldest + slots + 1) * slotMs - now end
return { granted, math.max(0, left - granted), reset }
`;

const scriptHash = hash('sha1', script);

/** Windows that all gateways share. The data is a count of the last minutes: losing it forgives what was used. */
export class RedisWindows implements WindowStore {
  /** @param redis Of its own time-outs: this waits as long as it does. @param prefix Before every key. */
  constructor(
    private readonly redis: Redis,
    private readonly prefix: string,
  ) {}

  async take(key: string, window: Window, wanted: number, isWhole: boolean): Promise<Taken> {
    const answer = await this.run([
      `${this.prefix}chorda:limit:${key}`,
      window.limit,
      slotMsOf(window),
      slotsPerSpan,
      wanted,
      isWhole ? 1 : 0,
    ]);
    if (!Array.isArray(answer)) throw new TypeError('Redis answered the limit script with something else');
    const [granted, remaining, resetMs] = answer.map(Number);
    return { granted: granted ?? 0, remaining: remaining ?? 0, resetMs: resetMs ?? 0 };
  }

  private async run(keyAndValues: readonly (string | number)[]): Promise<unknown> {
    try {
      return await this.redis.evalsha(scriptHash, 1, ...keyAndValues);
    } catch (error) {
      // A Redis that was flushed or restarted has forgotten the script.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return this.redis.eval(script, 1, ...keyAndValues);
    }
  }
}
