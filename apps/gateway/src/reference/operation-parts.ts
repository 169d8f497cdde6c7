/** Pieces that operations are described with. */

export function queryParameter(
  name: string,
  description: string,
  schema: Record<string, unknown> = { type: 'string' },
) {
  return { name, in: 'query' as const, required: false, description, schema };
}

export function headerParameter(name: string, description: string) {
  return { name, in: 'header' as const, required: false, description, schema: { type: 'string' } };
}

export function jsonResponse(description: string, schemaName: string, example?: unknown) {
  return {
    description,
    content: {
      'application/json': {
        schema: { $ref: `#/components/schemas/${schemaName}` },
        ...(example === undefined ? {} : { example }),
      },
    },
  };
}

export const positionParameters = [
  queryParameter('min_position', 'A `position` that must have been read, or several; see `complete` in the answer', {
    type: 'array',
    maxItems: 64,
    items: { type: 'string' },
  }),
  queryParameter('wait', 'Milliseconds to wait for `min_position`', {
    type: 'integer',
    minimum: 0,
    maximum: 30_000,
    default: 5000,
  }),
];
