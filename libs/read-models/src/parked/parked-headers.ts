/** Headers of a record: values by name, several where a name came several times. */
export type RecordHeaders = Readonly<Record<string, Buffer | readonly Buffer[] | undefined>>;

/** As bytes of JSON, values in base64: a header may hold any bytes, and Postgres takes no U+0000 in a text or in its JSON. */
export function encodeParkedHeaders(headers: RecordHeaders): Buffer {
  const pairs = Object.entries(headers).flatMap(([name, value]) => {
    const values = value === undefined ? [] : Buffer.isBuffer(value) ? [value] : value;
    return values.map((each) => [name, each.toString('base64')]);
  });
  return Buffer.from(JSON.stringify(pairs));
}

export function decodeParkedHeaders(bytes: Buffer): RecordHeaders {
  const headers: Record<string, Buffer | readonly Buffer[]> = Object.create(null);
  for (const [name, base64] of JSON.parse(bytes.toString('utf8')) as readonly (readonly [string, string])[]) {
    const value = Buffer.from(base64, 'base64');
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else headers[name] = Buffer.isBuffer(before) ? [before, value] : [...before, value];
  }
  return headers;
}
