const modes = ['disable', 'require', 'verify-ca', 'verify-full', 'no-verify'];

/** No sslmode, one that says clearly what is checked, or libpq's meaning where it is asked for by name. */
export function hasClearSslMode(url: string): boolean {
  const { searchParams } = new URL(url);
  const mode = searchParams.get('sslmode');
  return mode === null || modes.includes(mode) || searchParams.get('uselibpqcompat') === 'true';
}

/**
 * `require` and `verify-ca` as `verify-full`: pg takes them for the same, prints a warning, and says that it will stop
 * to. Whoever asked for TLS must not come to lose the check of the certificate by an update.
 */
export function withStrictSslMode(url: string): string {
  if (new URL(url).searchParams.get('uselibpqcompat') === 'true') return url;
  return url.replace(/([?&]sslmode=)(require|verify-ca)(?=&|#|$)/, '$1verify-full');
}
