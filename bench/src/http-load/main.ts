import { text } from 'node:stream/consumers';
import { LoadConnection } from './load-connection.js';
import type { Latencies, LoadPlan, LoadReport } from './load-plan.js';
import { RequestTemplate } from './request-template.js';

/** A process of its own, so that what it costs is told apart from what it measures. */
const plan: LoadPlan = JSON.parse(await text(process.stdin));
const head = { host: plan.host, ...plan.headers };
const templates = (plan.targets ?? [plan.target]).flatMap((target) =>
  plan.bodies.map((body) => new RequestTemplate(head, plan.method, target, body)),
);
const byStatus: Record<string, number> = {};
const admittedMs: number[] = [];
const refusedMs: number[] = [];
const acknowledged: number[] = [];
let sent = 0;
let number = plan.firstNumber;
const startedMs = performance.now();
const endMs = startedMs + plan.durationMs;

async function askOnce(connection: LoadConnection, dueMs: number): Promise<void> {
  const template = templates[sent % templates.length];
  if (template === undefined) throw new TypeError('The plan has no request');
  sent += 1;
  const first = number;
  number += template.numbers;
  const status = await connection.ask(template.render(first));
  byStatus[status] = (byStatus[status] ?? 0) + 1;
  const tookMs = performance.now() - dueMs;
  if (status >= 200 && status < 300) {
    admittedMs.push(tookMs);
    if (plan.tellAcknowledged) acknowledged.push(first);
  } else if (status > 0) refusedMs.push(tookMs);
}

/** Closed: a connection's next request follows its answer. */
async function oneAfterAnother(connection: LoadConnection): Promise<void> {
  while (performance.now() < endMs) await askOnce(connection, performance.now());
}

/** Open: a request is due when it is due, and a stall is seen by all that it holds up. */
function whenDue(connections: readonly LoadConnection[], perSecond: number): Promise<number> {
  const free = [...connections];
  const running = new Set<Promise<void>>();
  let due = 0;
  const dispatch = () => {
    const target = Math.floor(((performance.now() - startedMs) * perSecond) / 1000);
    while (due < target) {
      const connection = free.pop();
      if (connection === undefined) return;
      const work = askOnce(connection, startedMs + (due * 1000) / perSecond).then(() => {
        running.delete(work);
        free.push(connection);
        if (performance.now() < endMs) dispatch();
      });
      running.add(work);
      due += 1;
    }
  };
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      dispatch();
      if (performance.now() < endMs) return;
      clearInterval(timer);
      const missed = Math.floor((plan.durationMs * perSecond) / 1000) - due;
      void Promise.all(running).then(() => resolve(missed));
    }, 1);
  });
}

function latenciesOf(milliseconds: number[]): Latencies {
  milliseconds.sort((a, b) => a - b);
  const at = (share: number) => milliseconds[Math.max(0, Math.ceil(share * milliseconds.length) - 1)] ?? 0;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

const connections = Array.from({ length: plan.connections }, () => new LoadConnection(plan.host, plan.port));
let unsent = 0;
if (plan.perSecond === undefined) await Promise.all(connections.map(oneAfterAnother));
else unsent = await whenDue(connections, plan.perSecond);
const seconds = (performance.now() - startedMs) / 1000;
for (const connection of connections) connection.close();
const { user, system } = process.cpuUsage();
const report: LoadReport = {
  requests: sent,
  seconds,
  byStatus,
  admitted: latenciesOf(admittedMs),
  refused: latenciesOf(refusedMs),
  broken: byStatus['0'] ?? 0,
  unsent,
  cpuSeconds: (user + system) / 1e6,
  acknowledged,
};
process.stdout.write(`${JSON.stringify(report)}\n`);
