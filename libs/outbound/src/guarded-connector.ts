import type { Socket } from 'node:net';
import { buildConnector } from 'undici';
import type { Address, AddressGuard } from './address-guard.js';
import { OutboundFailedError } from './outbound-errors.js';

const addressesTriedMax = 4;

/**
 * Opens the connection to an address that the guard has passed, and to no other: resolving and connecting are one step,
 * so that no second answer of a name server comes between them. Works for every connection of an agent, those of
 * redirects included.
 *
 * @param onConnected From here on the server may have acted on the request.
 */
export function guardedConnector(
  guard: AddressGuard,
  connectTimeoutMs: number,
  onConnected: () => void,
): buildConnector.connector {
  const connect = buildConnector({ timeout: connectTimeoutMs, allowH2: false, maxCachedSessions: 0 });
  const connectTo = (options: buildConnector.Options, { address }: Address) =>
    new Promise<Socket>((resolve, reject) => {
      // Name and certificate are checked against `host`, which stays what the URL said.
      connect({ ...options, hostname: address }, (error, socket) => (error ? reject(error) : resolve(socket)));
    });
  const connectToAny = async (options: buildConnector.Options): Promise<Socket> => {
    const addresses = (await guard.addressesOf(options.hostname)).slice(0, addressesTriedMax);
    let failure: Error = new OutboundFailedError('HOST_UNKNOWN', `${options.hostname} has no address`, 'none', true);
    for (const address of addresses) {
      try {
        return await connectTo(options, address);
      } catch (error) {
        failure = asError(error);
      }
    }
    throw failure;
  };
  return (options, callback) => void hand(connectToAny(options), onConnected, callback);
}

async function hand(
  connecting: Promise<Socket>,
  onConnected: () => void,
  callback: buildConnector.Callback,
): Promise<void> {
  let socket: Socket;
  try {
    socket = await connecting;
  } catch (error) {
    callback(asError(error), null);
    return;
  }
  onConnected();
  callback(null, socket);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
