// Sends at full speed and dies in the middle of it.
import { driversUnderTest } from '../drivers-under-test.js';
import { numberedRecord } from '../numbered-record.js';
import { crashPoint, dieNow, note, ordersOf } from './notes.js';

const name = 'produce.child';
const { connection, driver, folder, topic, partitions, records, dieAfterAcknowledged } = ordersOf(name);
let acknowledged = 0;

const producer = await driversUnderTest[driver](connection).createProducer();
for (let index = 0; index < records; index += 1) {
  const partition = index % partitions;
  const key = `key-${partition}`;
  const sent = producer.send(numberedRecord({ topic, partition, key, index }));
  void sent.then((place) => {
    note(folder, name, {
      acknowledged: { id: `${key}-${index}`, key, place: { ...place, offset: String(place.offset) } },
    });
    acknowledged += 1;
    if (acknowledged < dieAfterAcknowledged) return;
    crashPoint(folder, 'mid-send');
    dieNow();
  });
  // Other work gets its turn, so that acknowledgements come while sends go on.
  if (index % 50 === 0) await new Promise(setImmediate);
}
