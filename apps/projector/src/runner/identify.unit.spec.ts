import { createHash } from 'node:crypto';
import { EventCodec } from '@chorda/contracts';
import type { Message } from '@chorda/messaging';
import { describe, expect, it } from 'vitest';
import { plainMetadata } from '../../../../libs/contracts/src/testing/arbitrary-event.js';
import { Firsts, identify } from './identify.js';

const uuid = '0199e0a2-0000-7abc-8def-000000000001';
const codec = EventCodec.offline(1);

/** What identities are made of, said once more: those on disk were made so. */
function expected(id: string): string {
  const list = JSON.stringify(['agent.events', 3, 'default', '/tests', id]);
  const digest = createHash('sha256').update(list).digest('hex');
  return /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-/.test(id)
    ? id.replaceAll('-', '').slice(0, 12) + digest.slice(0, 20)
    : digest.slice(0, 32);
}

function message(id: string, offset: bigint, isOnDemand: boolean): Message {
  const event = { type: 'agent.terminated', data: { agent_id: 'a', reason: 'done' } } as Message['event'];
  const { key, value, headers } = codec.encode({ event, metadata: { ...plainMetadata, subject: 'a', id } });
  const names = Object.entries(headers).map(([name, text]) => [framed(name), framed(text)]);
  const bytes = Buffer.concat([Buffer.from([names.length * 2]), ...names.flat()]);
  const encoded = { topic: 'agent.events', key, value, rawHeaders: { bytes, at: 0 }, headers: {} };
  const cut = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]));
  const envelope = isOnDemand
    ? codec.decodeOnDemand(encoded)
    : codec.decode({ topic: 'agent.events', key, value, headers: cut });
  const place = { topic: 'agent.events', partition: 3, offset };
  const record = { ...place, key, value, headers: cut, timestampMs: 5 };
  return { record, envelope, event: envelope.event, origin: place };
}

function framed(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = bytes.length * 2;
  return Buffer.concat([Buffer.from(length < 0x80 ? [length] : [(length & 0x7f) | 0x80, length >> 7]), bytes]);
}

describe('the identity of an event', () => {
  const ids = [uuid, uuid.toUpperCase(), uuid.replace('7abc', '4abc'), uuid.replace('8def', 'cdef'), 'order-1', 'ü"\\'];

  it.each(ids)('of %s is what it always was, however its record is read', (id) => {
    for (const isOnDemand of [true, false]) {
      const [entry] = identify([message(id, 7n, isOnDemand)]);
      expect(Buffer.from(entry?.identity ?? '', 'latin1').toString('hex')).toBe(expected(id));
      expect(entry?.isTimed).toBe(id === uuid);
      expect(entry?.idTimeMs).toBe(id === uuid ? 0x0199e0a20000 : 0);
    }
  });

  it('tells the first of a batch from those that come again, and from one that came before', () => {
    const entries = identify(['a', 'b', 'a', uuid, uuid, 'a'].map((id, index) => message(id, BigInt(index), true)));
    const firsts = new Firsts(entries);
    expect(entries.map((entry) => firsts.isFirst(entry))).toEqual([true, true, false, true, false, false]);
    expect(entries.slice(2, 3).map((entry) => firsts.offsetOf(entry))).toEqual([0n]);
    firsts.cameAt(entries[0]?.identity ?? '', -5n);
    expect(entries.map((entry) => firsts.isFirst(entry))).toEqual([false, true, false, true, false, false]);
    expect(entries.slice(5).map((entry) => firsts.offsetOf(entry))).toEqual([-5n]);
  });
});
