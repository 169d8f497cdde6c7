import { applyTopics, type AnyEvent, EventCodec, parseEventData, registerSchemas } from '@chorda/contracts';
import { defaultTenant, sleep, tenantId } from '@chorda/kernel';
import { createKafkaDriver } from '@chorda/messaging';
import { createPool, migrate, RebuildRepository, type RebuildStanding } from '@chorda/read-models';
import {
  freshDatabase,
  freshTopicPrefix,
  startSourceProcess,
  type SourceProcess,
  type StackAddresses,
} from '@chorda/testing';
import type pg from 'pg';

/** What specs of rebuilds share: a log, a database, projectors as processes, and readers that never stop looking. */
export type RebuildGround = Awaited<ReturnType<typeof prepareRebuildGround>>;

export type ExecutedEvent = Extract<AnyEvent, { readonly type: 'agent.executed' }>;

const agents = 50;
const eventuallyMs = 90_000;

/** Outside of tests too, where Vitest has no poll. */
async function eventually<Value>(look: () => Promise<Value>, wanted: Value): Promise<void> {
  for (const untilMs = Date.now() + eventuallyMs; ; await sleep(100)) {
    const seen = await look();
    if (seen === wanted) return;
    if (Date.now() > untilMs) throw new Error(`Still ${String(seen)}, not ${String(wanted)}`);
  }
}

export async function prepareRebuildGround(stack: StackAddresses) {
  const topicPrefix = freshTopicPrefix();
  const registryUrl = stack.sharedRegistryUrl ?? stack.registryUrl;
  const database = await freshDatabase(stack);
  await migrate(database.url);
  const pool = createPool(database.url);
  const driver = createKafkaDriver({ brokers: stack.kafkaBrokers.split(','), topicPrefix, clientId: 'spec' });
  const admin = await driver.admin();
  await applyTopics(admin);
  await registerSchemas({ registryUrl, topicPrefix });
  const codec = await EventCodec.connect({ registryUrl, topicPrefix });
  const producer = await driver.createProducer();
  const rebuilds = new RebuildRepository(pool);
  const running = new Set<SourceProcess>();
  let sent = 0;
  let decided = 0;

  async function send(count: number, tenant = 'default'): Promise<void> {
    const indexes = Array.from({ length: count }, () => sent++);
    await Promise.all(
      indexes.map((index) => {
        const isAgain = index >= agents && index % 10 === 9 && Math.floor(index / agents) % 2 === 1;
        const subject = `AGENT-20261121-120000-0001-${String(index % agents).padStart(4, '0')}`;
        const parsed = parseEventData('agent.executed', {
          agent_id: subject,
          execution_id: `execution-${index}`,
          input_data: { question: index },
          output_data: { answer: index },
          execution_time_ms: index,
          status: 'completed',
        });
        if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
        // Every tenth is sent twice, with other data: a rebuild leaves out what live left out.
        const id = `event-${isAgain ? index - agents : index}`;
        const event = parsed.event;
        const metadata = { id, source: '/spec', subject, timeMs: Date.now(), correlationId: `c-${index}` };
        return producer.send(
          codec.encode({
            event,
            metadata: { ...metadata, tenantId: tenant === 'default' ? defaultTenant : tenantId(tenant) },
          }),
        );
      }),
    );
  }

  /** Decisions of one run, each of which names its stream. */
  async function sendDecided(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const parsed = parseEventData('workflow.paused', {
        workflow_id: 'run-1',
        workflow_name: 'spec',
        reason: 'asked',
      });
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
      const streamVersion = BigInt(++decided);
      const metadata = {
        ...{ id: `decision-${streamVersion}`, source: '/spec', subject: 'run-1', timeMs: Date.now() },
        ...{ correlationId: 'c', tenantId: defaultTenant, decision: { streamVersion, stream: 'workflow-run-1' } },
      };
      await producer.send(codec.encode({ event: parsed.event, metadata }));
    }
  }

  const plant = process.env['CHORDA_PLANT'];
  const projectorEnv = {
    NODE_ENV: 'test',
    ...(plant ? { CHORDA_PLANT: plant } : {}),
    KAFKA_BROKERS: stack.kafkaBrokers,
    SCHEMA_REGISTRY_URL: registryUrl,
    DATABASE_URL: database.url,
    CHORDA_TOPIC_PREFIX: topicPrefix,
    CHORDA_REBUILD_BATCH_RECORDS: '50',
    CHORDA_REBUILD_CONNECTIONS: '2',
    // What live shows on a busy machine must not decide how long a spec takes; one asks for it.
    CHORDA_REBUILD_LIVE_DELAY_MS: '0',
    CHORDA_PROJECTOR_SESSION_TIMEOUT_MS: '3000',
    METRICS_PORT: '0',
    LOG_LEVEL: 'info',
  };

  function startProjector(env: Readonly<Record<string, string>> = {}): SourceProcess {
    const projector = startSourceProcess(new URL('../main.ts', import.meta.url), { ...projectorEnv, ...env });
    running.add(projector);
    return projector;
  }
  async function until(projection: string, ...states: RebuildStanding['state'][]): Promise<RebuildStanding> {
    let seen: RebuildStanding | undefined;
    const state = async () => {
      seen = await rebuilds.latest(projection);
      if (seen !== undefined && states.includes(seen.state)) return 'there';
      // Neither goes on by itself.
      if (seen?.state === 'mismatch' || seen?.state === 'failed') throw new Error(`${seen.state}: ${seen.reason}`);
      return `${seen?.state}: ${seen?.reason}`;
    };
    await eventually(state, 'there');
    if (seen === undefined) throw new Error('unreachable');
    return seen;
  }

  async function caughtUp(): Promise<void> {
    const { rows: ends } = { rows: await admin.offsets('agent.events') };
    const lag = async () => {
      const { rows } = await pool.query<{ partition: number; next: string }>(
        `SELECT c.partition, min(c.next_offset)::text AS next FROM checkpoints c JOIN projection_generations g
           USING (projection, version) WHERE topic = 'agent.events' AND g.role <> 'idle' GROUP BY c.partition`,
      );
      return ends.filter(
        ({ partition, end }) => BigInt(rows.find((row) => row.partition === partition)?.next ?? 0) < end,
      ).length;
    };
    await eventually(lag, 0);
  }

  return {
    ...{ database, pool, rebuilds, admin, projectorEnv, send, sendDecided, startProjector, until, caughtUp },
    sentCount: () => sent,
    output: () => [...running].map((process) => process.output()).join('\n'),
    async endProjectors(): Promise<void> {
      await Promise.all([...running].map((process) => process.end()));
      running.clear();
    },
    async close(): Promise<void> {
      await producer.close();
      await driver.close();
      codec.close();
      await pool.end();
      await database.drop();
    },
  };
}

/** What the live tables hold, as one hash over rows, whatever the tables are called. */
export async function hashOf(pool: pg.Pool, table: string): Promise<{ readonly rows: number; readonly hash: string }> {
  const { rows } = await pool.query<{ rows: number; hash: string }>(
    `SELECT count(*)::int AS rows, coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text AS hash FROM ${table} t`,
  );
  return rows[0] ?? { rows: 0, hash: '0' };
}

/** Whether two tables hold the same rows, looked at in one moment. */
export async function areSame(pool: pg.Pool, one: string, other: string): Promise<boolean> {
  const { rows } = await pool.query<{ same: boolean }>(
    `SELECT NOT EXISTS ((TABLE ${one} EXCEPT TABLE ${other}) UNION ALL (TABLE ${other} EXCEPT TABLE ${one})) AS same`,
  );
  return rows[0]?.same === true;
}

export async function tablesOf(pool: pg.Pool): Promise<readonly string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND relname LIKE '%\\_r1%' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

/** A reader that asks the view without end: it must never fail, and never see fewer rows than before. */
export class RestlessReader {
  private readonly ending = new AbortController();
  private readonly running: Promise<void>;
  looks = 0;
  readonly faults: string[] = [];

  constructor(pool: pg.Pool, view: string) {
    this.running = this.run(pool, view);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }

  async end(): Promise<void> {
    this.ending.abort();
    await this.running;
  }

  private async run(pool: pg.Pool, view: string): Promise<void> {
    for (let most = 0; !this.ending.signal.aborted; this.looks++) {
      try {
        const { rows } = await pool.query<{ rows: number }>(`SELECT count(*)::int AS rows FROM ${view}`);
        const seen = rows[0]?.rows ?? 0;
        if (seen < most) this.faults.push(`${seen} rows after ${most}`);
        most = Math.max(most, seen);
      } catch (error) {
        this.faults.push(String(error));
      }
    }
  }
}
