import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { RegistryUnavailableError } from './errors.js';
import { EventCodec } from './event-codec.js';

const timeoutMs = 1_000;

/** Knows every schema. */
class RegistryStandIn {
  asked = 0;
  underWay = 0;
  underWayMax = 0;
  private server: Server | undefined;

  /** @param answers Whether it answers the question of this number, from 1. */
  async open(answers: (question: number) => boolean, answerAfterMs = 0): Promise<string> {
    this.server = createServer((incoming, outgoing) => {
      const question = ++this.asked;
      this.underWayMax = Math.max(this.underWayMax, ++this.underWay);
      outgoing.once('close', () => (this.underWay -= 1));
      incoming.resume();
      if (answers(question)) setTimeout(() => outgoing.end(JSON.stringify({ id: question })), answerAfterMs);
    });
    await new Promise<void>((resolve) => this.server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }
}

describe('a service that starts beside a busy registry', () => {
  let registry = new RegistryStandIn();

  afterEach(() => {
    registry.close();
    registry = new RegistryStandIn();
  });

  it('asks again what got no answer in time', async () => {
    const registryUrl = await registry.open((question) => question !== 20 && question !== 21);
    const codec = await EventCodec.connect({ registryUrl, timeoutMs });
    codec.close();
    const all = registry.asked - 2;
    expect(all).toBeGreaterThan(40);
  });

  it('asks few questions at once, so that each has its whole time', async () => {
    // One behind the other they take longer than one may.
    const registryUrl = await registry.open(() => true, timeoutMs / 4);
    const codec = await EventCodec.connect({ registryUrl, timeoutMs });
    codec.close();
    expect((registry.asked / registry.underWayMax) * (timeoutMs / 4)).toBeGreaterThan(timeoutMs);
    expect(registry.underWayMax).toBeLessThanOrEqual(8);
  });

  it('does not wait for one that answers nothing', async () => {
    const registryUrl = await registry.open(() => false);
    await expect(EventCodec.connect({ registryUrl, timeoutMs })).rejects.toThrow(RegistryUnavailableError);
    expect(registry.asked).toBeLessThanOrEqual(8);
  });

  it('gives up where something stays without an answer', async () => {
    const registryUrl = await registry.open((question) => question < 20);
    await expect(EventCodec.connect({ registryUrl, timeoutMs })).rejects.toThrow(RegistryUnavailableError);
  });
});
