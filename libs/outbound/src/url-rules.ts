import { OutboundRefusedError } from './outbound-errors.js';

export interface UrlRules {
  /** `api.example.com`, or `*.example.com` for all names below it. Empty: any host. */
  readonly hosts: readonly string[];
  /** Empty: any port. */
  readonly ports: readonly number[];
}

const urlLengthMax = 8_192;

/**
 * A URL that may be asked, of a request or of a redirect.
 *
 * @throws OutboundRefusedError naming the rule that is broken.
 */
export function lawfulUrl(text: string, base: URL | undefined, rules: UrlRules): URL {
  if (text.length > urlLengthMax) throw refusal('URL_NOT_VALID', `the URL is longer than ${urlLengthMax} characters`);
  if (!URL.canParse(text, base?.href)) throw refusal('URL_NOT_VALID', 'this is not a URL');
  const url = new URL(text, base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw refusal('SCHEME_NOT_ALLOWED', `${url.protocol} is not allowed: only http: and https: are`);
  }
  if (url.username !== '' || url.password !== '') {
    throw refusal('CREDENTIALS_IN_URL', 'the URL carries a user name or a password: name a secret instead');
  }
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  if (rules.ports.length > 0 && !rules.ports.includes(port)) {
    throw refusal('PORT_NOT_ALLOWED', `port ${port} is not allowed: only ${rules.ports.join(', ')} are`);
  }
  if (rules.hosts.length > 0 && !matchesHost(url.hostname, rules.hosts)) {
    throw refusal('HOST_NOT_ALLOWED', `${url.hostname} is not among the hosts that may be asked`);
  }
  return url;
}

/** @param hosts `api.example.com`, or `*.example.com` for all names below it. */
export function matchesHost(hostname: string, hosts: readonly string[]): boolean {
  const name = hostname.replace(/\.$/, '').toLowerCase();
  return hosts.some((host) => (host.startsWith('*.') ? name.endsWith(host.slice(1)) : name === host));
}

function refusal(code: string, message: string): OutboundRefusedError {
  return new OutboundRefusedError(code, message);
}
