import { describe, expect, it } from 'vitest';
import { anomaliesOf, repeatsIn, type Acknowledged, type Found, type History } from './history.js';

const place = (offset: number, partition = 0) => ({ topic: 'agent.events', partition, offset: BigInt(offset) });
const ack = (id: string, sequence: number, offset: number): Acknowledged => ({
  id,
  key: 'default/a',
  sequence,
  ...place(offset),
});
const found = (id: string, offset: number, partition = 0): Found => ({ id, ...place(offset, partition) });

const whole: History = {
  planned: new Set(['e0', 'e1', 'e2']),
  acknowledged: [ack('e0', 0, 10), ack('e1', 1, 12), ack('e2', 2, 13)],
  log: [found('e0', 10), found('e1', 11), found('e1', 12), found('e2', 13)],
  readModel: [found('e0', 10), found('e1', 11), found('e2', 13)],
};
const namesOf = (history: History) => [...new Set(anomaliesOf(history).map((anomaly) => anomaly.name))];

describe('the history checker', () => {
  it('finds nothing in a whole history, where a repeat on the log was dropped by the read model', () => {
    expect(anomaliesOf(whole)).toEqual([]);
    expect(repeatsIn(whole.log)).toBe(1);
  });

  it('takes an event that was sent and never acknowledged, there or not', () => {
    const unknown = { ...whole, acknowledged: whole.acknowledged.slice(0, 2) };
    expect(anomaliesOf(unknown)).toEqual([]);
    expect(anomaliesOf({ ...unknown, readModel: whole.readModel.slice(0, 2) })).toEqual([]);
  });

  // Each row is a broken guarantee: a checker that misses one proves nothing.
  it.each<[string, History, string[]]>([
    [
      'an acknowledged event is not on the log',
      { ...whole, log: whole.log.slice(0, 3) },
      ['lost-write', 'inconsistent-offset'],
    ],
    ['an acknowledged event is not in the read model', { ...whole, readModel: whole.readModel.slice(1) }, ['unseen']],
    [
      'the read model has an event twice',
      { ...whole, readModel: [...whole.readModel, found('e2', 14)] },
      ['duplicate', 'misordered'],
    ],
    ['the read model has an event that nobody sent', { ...whole, planned: new Set(['e0', 'e1']) }, ['phantom']],
    [
      'two events of a key changed places',
      { ...whole, readModel: [found('e1', 10), found('e0', 12), found('e2', 13)] },
      ['misordered'],
    ],
    [
      'a key lies in two partitions',
      { ...whole, readModel: [found('e0', 10), found('e1', 11), found('e2', 13, 1)] },
      ['misordered'],
    ],
    [
      'an offset holds another event than was acknowledged',
      { ...whole, log: [found('e0', 10), found('e1', 11), found('e2', 12), found('e2', 13)] },
      ['inconsistent-offset'],
    ],
  ])('sees that %s', (_, history, names) => {
    expect(namesOf(history)).toEqual(names);
  });
});
