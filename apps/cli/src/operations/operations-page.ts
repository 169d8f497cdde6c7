import { surfaces, type Surface } from './surfaces.js';

interface Described {
  readonly operationId: string;
  readonly summary: string;
  readonly security?: readonly { readonly api_key?: readonly string[] }[];
}

export interface DescribedApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
}

/** `docs/reference/operations.md`, as text. */
export function operationsPage(api: DescribedApi): string {
  const rows = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, security }]) => {
      const { cli, command = '', client, method: call = '' } = surfaces[operationId] ?? none;
      const rest = `\`${method.toUpperCase()} ${path}\``;
      const scope = security?.[0]?.api_key?.[0];
      const byCli = typeof cli === 'string' ? cli : `\`chorda ${command}\``;
      const byClient =
        typeof client === 'string'
          ? client
          : call
              .split(', ')
              .map((each) => `\`${each}\``)
              .join(', ');
      return `| ${operationId} | ${rest} | ${scope === undefined ? 'none' : `\`${scope}\``} | ${byCli} | ${byClient} |`;
    }),
  );
  return `${introduction}\n${rows.join('\n')}\n`;
}

const none: Surface = { cli: '', client: '' };

const introduction = `# Operations

Written by \`npm run api:release\`: every operation of the gateway by HTTP, with the command and with \`@chorda/client\`, and the scope that a key needs for it. A test runs each of them once.

| operation | HTTP | scope | command | client |
| --- | --- | --- | --- | --- |`;
