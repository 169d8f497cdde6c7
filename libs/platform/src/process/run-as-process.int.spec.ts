import { startSourceProcess, type SourceProcess } from '@chorda/testing';
import { afterEach, describe, expect, it } from 'vitest';

let app: SourceProcess | undefined;

afterEach(async () => {
  await app?.end();
});

function start(env: Readonly<Record<string, string>>): SourceProcess {
  app = startSourceProcess(new URL('./example-app.child.spec.ts', import.meta.url), { METRICS_PORT: '0', ...env });
  return app;
}

/** Guarantee 13: stopping drains; and a process never goes on with a state that nobody has thought of. */
describe('an app as a process', () => {
  it('drains on SIGTERM and ends with 0', async () => {
    const running = start({});
    await running.until('it runs', () => running.output().includes('"Started"'));
    running.signal('SIGTERM');
    expect(await running.ended, running.output()).toEqual({ code: 0, signal: null });
    expect(running.output()).toContain('"drained"');
    expect(running.output()).toContain('"Stopped"');
  });

  it('ends at its deadline when it cannot drain', async () => {
    const running = start({ BEHAVIOUR: 'hang', CHORDA_DRAIN_TIMEOUT_MS: '200' });
    await running.until('it runs', () => running.output().includes('"Started"'));
    running.signal('SIGTERM');
    expect(await running.ended).toEqual({ code: 1, signal: null });
    expect(running.output()).toContain('Did not stop in time');
  });

  it('ends at once on a second signal', async () => {
    const running = start({ BEHAVIOUR: 'hang' });
    await running.until('it runs', () => running.output().includes('"Started"'));
    running.signal('SIGINT');
    await running.until('it heard the first', () => running.output().includes('"Stopping"'));
    running.signal('SIGINT');
    expect(await running.ended).toEqual({ code: 130, signal: null });
  });

  it('dies of a rejection that nobody handled, after one line and a last word', async () => {
    const running = start({ BEHAVIOUR: 'reject' });
    expect(await running.ended).toEqual({ code: 1, signal: null });
    expect(running.output()).toContain('"Crashed"');
    expect(running.output()).toContain('"last word"');
  });

  it('says what is wrong with its environment and ends with 78', async () => {
    const running = start({ METRICS_PORT: 'x', LOG_LEVEL: 'loud' });
    expect(await running.ended).toEqual({ code: 78, signal: null });
    expect(running.output()).toMatch(/METRICS_PORT must be a whole number[\s\S]*|LOG_LEVEL/);
  });

  it('says why it could not start and ends with 1', async () => {
    const running = start({ BEHAVIOUR: 'fail' });
    expect(await running.ended).toEqual({ code: 1, signal: null });
    expect(running.output()).toContain('no brokers today');
  });
});
