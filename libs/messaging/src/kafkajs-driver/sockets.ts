import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type SecureContextOptions } from 'node:tls';
import type { KafkaSasl, KafkaTls } from '../port.js';
import type { SocketRequest } from './kafkajs-internals.js';
import { oauthBearer } from './oauth-bearer.js';

const keepAliveMs = 30_000;

/** Nagle's algorithm holds a small request back until the last one is acknowledged: up to 40 ms a send. */
export function openSocket({ host, port, ssl, onConnect }: SocketRequest): Socket {
  const socket = ssl
    ? connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...ssl }, onConnect)
    : connectTcp({ host, port }, onConnect);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, keepAliveMs);
  return socket;
}

export function tlsOptions(tls: KafkaTls | undefined): SecureContextOptions | undefined {
  if (!tls) return undefined;
  return {
    ...(tls.caPem === undefined ? {} : { ca: tls.caPem }),
    ...(tls.certPem === undefined ? {} : { cert: tls.certPem }),
    ...(tls.keyPem === undefined ? {} : { key: tls.keyPem }),
  };
}

export function saslOptions(sasl: KafkaSasl | undefined): object | undefined {
  if (!sasl) return undefined;
  // A copy: kafkajs writes its authenticator, password and all, into the object that it is given.
  if (sasl.mechanism !== 'oauthbearer') return { ...sasl };
  return { mechanism: 'oauthbearer', authenticationProvider: oauthBearer(sasl.token) };
}
