import type { CommandContext } from '../command-line/command-line.js';
import { gatewayClient } from '../command-line/gateway.js';
import { lines } from '../command-line/lines.js';

export async function showSystem({ output, environment, signal }: CommandContext): Promise<void> {
  const { services } = await gatewayClient(environment).system({ signal });
  output.result({ services }, () =>
    output.table(
      ['SERVICE', 'INSTANCE', 'STATUS', 'LAST SEEN', 'ALERTS'],
      services.map(({ service, instance, status, missing, last_seen, alerts }) => [
        service,
        instance,
        missing ? `${status} (missing)` : status,
        last_seen,
        alerts.join('; '),
      ]),
    ),
  );
}

export async function showMetrics(context: CommandContext, minutes: number | undefined): Promise<void> {
  const { output, environment, signal } = context;
  const summary = await gatewayClient(environment).metricsSummary(minutes, { signal });
  output.result(summary, () => lines(summary));
}
