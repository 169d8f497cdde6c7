import type { Day } from './day.js';
import type { Process } from './schedule.js';
import { messageText } from './text.js';

const webhooks = [
  ['shop', 'order.created'],
  ['shop', 'order.cancelled'],
  ['carrier', 'delivery.delayed'],
  ['github', 'issues.opened'],
] as const;

/** Other systems: webhooks, schedules that come due, answers of their APIs. `perMs` is how many a millisecond. */
export function* outsideWorld(day: Day, perMs: number): Process {
  const { random } = day;
  for (;;) {
    yield random.exponential(1 / perMs);
    const user = `user-${random.between(1, 400)}`;
    const cause = { correlationId: day.newId('delivery') };
    const kind = random.next();
    if (kind < 0.6) {
      const [provider, eventName] = random.pick(webhooks);
      day.emit('external.webhook', user, cause, {
        user_id: user,
        provider,
        event_name: eventName,
        delivery_id: cause.correlationId,
        signature_verified: true,
        body: { order: `SO-${random.between(10_000, 99_999)}`, note: messageText(random, 400) },
      });
    } else if (kind < 0.85) {
      const failed = random.chance(0.05);
      day.emit('external.api_response', user, cause, {
        user_id: user,
        api: 'erp',
        method: 'GET',
        url: `https://erp.example/orders/${random.between(10_000, 99_999)}`,
        status_code: failed ? 503 : 200,
        duration_ms: Math.floor(random.logNormal(120, 0.8)),
        body: failed ? 'Service Unavailable' : { items: random.between(1, 12), note: messageText(random, 250) },
      });
    } else {
      const at = new Date(day.nowMs).toISOString();
      day.emit('external.schedule_trigger', user, cause, {
        user_id: user,
        schedule_id: 'nightly-stock',
        schedule_name: 'Stock check',
        cron: '*/15 * * * *',
        due_at: at,
        fired_at: at,
        input_data: { warehouse: random.pick(['north', 'south']) },
      });
    }
  }
}
