import { cel, human, text, tool, workflow } from '../index.js';

interface Order {
  readonly sku: string;
  readonly count: number;
}

export const order = workflow('order', { timeout: '7d' })
  .input<Order>({
    type: 'object',
    required: ['sku', 'count'],
    properties: { sku: { type: 'string' }, count: { type: 'integer' } },
  })
  .step('reserve', ({ input }) =>
    tool<{ id: string }>('inventory.reserve', {
      input: { sku: input.sku, count: input.count },
      retry: { attempts: 3, backoff: '2s' },
      compensate: tool('inventory.release'),
    }),
  )
  .step('approve', { needs: ['reserve'] }, ({ input }) =>
    human(text`Ship ${input.count} of ${input.sku}?`, { when: cel`${input.count} > 10`, due: '1d' }),
  )
  .step('ship', { needs: ['reserve', 'approve'] }, ({ steps }) =>
    tool<{ parcel: string }>('ship', { input: { reservation: steps.reserve.output.id }, on_failure: 'fail' }),
  )
  .output(({ steps }) => ({ parcel: steps.ship.output.parcel }));
