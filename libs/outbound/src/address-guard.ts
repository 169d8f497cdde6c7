import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { OutboundRefusedError } from './outbound-errors.js';

export interface Address {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a name, as the machine resolves it. */
export type Resolve = (hostname: string) => Promise<readonly Address[]>;

const resolveByMachine: Resolve = (hostname) => lookup(hostname, { all: true, verbatim: true });

/**
 * Addresses that are routed like any other and yet answer as the machine's own surroundings: Azure's wire server hands
 * out credentials.
 */
const metadataAddresses = new Set(['168.63.129.16']);
/** All that the Internet has given out. What lies outside is bound to this machine, its network, or to nothing. */
const globalUnicastV6 = ipaddr.parseCIDR('2000::/3');

/**
 * Says which addresses may be connected to for a stranger: public ones, and the networks that the operator has opened. It looks at
 * the address that is connected to, never at the name, so neither a name that resolves to the inside nor one whose
 * answer changes between check and connect gets through.
 */
export class AddressGuard {
  private readonly opened: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][];

  /** @param openedNetworks CIDRs outside of the public Internet that may be reached all the same. */
  constructor(
    openedNetworks: readonly string[] = [],
    private readonly resolve: Resolve = resolveByMachine,
  ) {
    this.opened = openedNetworks.map((network) => ipaddr.parseCIDR(network));
  }

  /**
   * The addresses of a host, all of them allowed.
   *
   * @param hostname A name, or an address in any form that a URL has after it was parsed.
   * @throws OutboundRefusedError `ADDRESS_NOT_ALLOWED` where one of them is not: a mixed answer is what a rebinding attack gives.
   */
  async addressesOf(hostname: string): Promise<readonly Address[]> {
    const bare = hostname.replace(/^\[(.*)\]$/, '$1');
    const family = isIP(bare);
    const addresses = family === 0 ? await this.resolve(hostname) : [{ address: bare, family }];
    if (addresses.some(({ address }) => !this.isAllowed(address))) throw refusal(hostname);
    return addresses;
  }

  isAllowed(address: string): boolean {
    if (!ipaddr.isValid(address)) return false;
    // An IPv4 address in IPv6 clothes is the IPv4 address: a socket opened to it arrives there.
    const parsed = ipaddr.process(address);
    if (this.opened.some((network) => isWithin(parsed, network))) return true;
    if (metadataAddresses.has(parsed.toString())) return false;
    if (parsed.range() !== 'unicast') return false;
    // ipaddr.js calls `::127.0.0.1` unicast too, which some systems connect to 127.0.0.1.
    return parsed.kind() === 'ipv4' || isWithin(parsed, globalUnicastV6);
  }
}

function isWithin(address: ipaddr.IPv4 | ipaddr.IPv6, [network, bits]: [ipaddr.IPv4 | ipaddr.IPv6, number]): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}

/** Without the address: what a name means inside is nothing to tell a stranger. */
function refusal(hostname: string): OutboundRefusedError {
  const rule = 'it is not an address of the public Internet, and the operator has not opened its network';
  return new OutboundRefusedError('ADDRESS_NOT_ALLOWED', `${hostname} may not be connected to: ${rule}`);
}
