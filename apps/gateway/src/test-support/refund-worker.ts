import { ToolCallError, type ChordaClient, type Worker } from '@chorda/client';

interface Refund {
  readonly order_id: string;
  readonly cents: number;
}

/** Stands for the payment provider: it keeps idempotency keys, so that the same refund twice is one. */
export interface Payments {
  refund(refund: Refund, idempotencyKey: string): Promise<{ readonly receipt: string }>;
  balance(orderId: string): Promise<number | undefined>;
}

export function refundWorker(client: ChordaClient, payments: Payments): Worker {
  const worker = client.worker({
    name: `refunds on ${process.pid}`,
    concurrency: 20,
    onTrouble: ({ what, tool, error }) => console.warn(what, tool, error),
  });
  worker.tool<{ order_id: string }>(
    'order_balance',
    { type: 'object', required: ['order_id'], properties: { order_id: { type: 'string', maxLength: 64 } } },
    async ({ order_id: orderId }) => {
      const cents = await payments.balance(orderId);
      // The model is told code and message, and may ask for something else.
      if (cents === undefined) throw new ToolCallError('ORDER_UNKNOWN', `There is no order ${orderId}`);
      return { order_id: orderId, cents };
    },
    { description: 'What is left of the payment of an order, in cents.', idempotent: true },
  );
  worker.tool<Refund>(
    'refund',
    {
      type: 'object',
      required: ['order_id', 'cents'],
      additionalProperties: false,
      properties: { order_id: { type: 'string', maxLength: 64 }, cents: { type: 'integer', minimum: 1 } },
    },
    (refund, { key }) => payments.refund(refund, key),
    // Only because the provider keeps the key. Without that, leave it out: then a call is never repeated.
    { description: 'Refunds part of an order.', idempotent: true, timeout_ms: 60_000 },
  );
  return worker;
}
