/** A tool failed so: retries, catches and compensation are chosen by the code. */
export class ToolFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

type Input = { readonly [name: string]: unknown };

/** What the worker of these examples can do. A shop would call its own systems here, and hand on the key. */
export const tools: { readonly [name: string]: (input: Input, key: string) => unknown } = {
  'stock.reserve': ({ sku, count }, key) => ({ reservation: `reservation-${key}`, sku, count }),
  'stock.release': ({ reservation }) => ({ released: reservation }),
  'payment.charge': ({ amount }, key) => ({ payment: `payment-${key}`, amount }),
  'payment.refund': ({ payment }) => ({ refunded: payment }),
  'parcel.send': ({ country }, key) => {
    if (country === 'AQ') throw new ToolFailure('NO_CARRIER', 'No carrier goes to Antarctica');
    return { parcel: `parcel-${key}` };
  },
  'figures.orders': ({ day }) => ({ day, count: 412, revenue: 48_211.5 }),
  'figures.complaints': ({ day }) => ({ day, count: 3 }),
};
