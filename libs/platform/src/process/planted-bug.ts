/** Bugs that a test plants to see that its checker would catch them. Each takes one promise away. */
export const plantableBugs = [
  /** The projector commits its checkpoint in a transaction of its own, before the rows. */
  'checkpoint-before-rows',
  /** Decisions are applied whatever the version of their stream is. */
  'no-version-check',
  /** An event that was sent twice is applied twice. */
  'no-identity-check',
  /** An owner writes although another has claimed the partition since. */
  'no-epoch',
  /** A batch moves a checkpoint from wherever it stands. */
  'no-offset-check',
  /** Later events of an aggregate are applied past a parked one. */
  'parked-passed-by',
  /** A decision is applied although a version before it is missing. */
  'gap-ignored',
  /** A retry applies a parked sequence from its end. */
  'retry-out-of-order',
  /** A retry commits rows before what it takes out of the sequence. */
  'retry-rows-apart',
  /** A rebuild is swapped wherever its tables stand. */
  'rebuild-swap-behind',
  /** A rebuild is swapped whatever the comparison found. */
  'rebuild-swap-uncompared',
  /** Columns that came later are looked past in every row, and not only in those from before them. */
  'rebuild-columns-unread',
] as const;

export type PlantableBug = (typeof plantableBugs)[number];

/** The same of the gateway. */
export const plantableGatewayBugs = [
  /** A read is answered without waiting for the position that it brought. */
  'no-position-wait',
  /** A request with an Idempotency-Key is worked out as if it had none. */
  'no-idempotency-claim',
  /** No request is counted. */
  'no-request-limit',
  /** A token for somebody else's service is taken. */
  'no-token-audience',
  /** A revoked key goes on to be taken. */
  'no-revocation',
  /** A change stands whether or not its audit event could be written. */
  'audit-apart',
  /** A type that one tenant registered is open to all. */
  'types-open-to-all',
] as const;

export type PlantableGatewayBug = (typeof plantableGatewayBugs)[number];

/** Those of the decision engine. */
export const plantableDecisionBugs = [
  /** An owner decides although another has claimed the partition since. */
  'decisions-no-epoch',
  /** What was decided is published before it is committed. */
  'decisions-publish-before-commit',
  /** The outcomes of a turn are written in a transaction of their own, after it. */
  'decisions-outcome-apart',
  /** Timers that fired are deleted in a transaction of their own, before what they cause. */
  'decisions-timer-apart',
  /** What the log has and the tables have not, because they were put back, is passed by. */
  'decisions-log-passed-by',
  /** Commands are taken however far behind the engine is. */
  'decisions-no-admission',
  /** A snapshot is taken whatever version its code had. */
  'decisions-stale-snapshot',
  /** Events do not say which stream of their subject they belong to. */
  'decisions-no-stream-name',
  /** What a large command decided goes to the log in several batches. */
  'decisions-command-cut',
] as const;

export type PlantableDecisionBug = (typeof plantableDecisionBugs)[number];

/** Those of the inference worker. */
export const plantableInferenceBugs = [
  /** An answer is published whether or not its request had an outcome already. */
  'inference-claim-skipped',
  /** The offset moves to the newest request that is done, past those that are not. */
  'inference-watermark-gaps',
  /** What an attempt cost is written in a transaction of its own, after the outcome. */
  'inference-usage-apart',
  /** Requests are served in the order of their coming, whatever their priority. */
  'inference-priority-ignored',
  /** A class keeps its weight however long its oldest request waits. */
  'inference-no-ageing',
  /** Urgent requests take the room that is kept for them whatever their class was given already. */
  'inference-reserve-unpaid',
  /** Any server with room is as good as the one that holds the beginning of a prompt. */
  'inference-prefix-ignored',
] as const;

export type PlantableInferenceBug = (typeof plantableInferenceBugs)[number];

/** Those of what a worker says of requests that were ended from outside. */
export const plantableAnswerBugs = [
  /** A call that was cut costs nothing. */
  'answers-abort-unaccounted',
  /** Whoever waits for a reply is not told of an outcome that somebody else decided. */
  'answers-waiter-not-told',
  /** An answer stands although others have accounted its call as lost. */
  'answers-closed-stand',
] as const;

export type PlantableAnswerBug = (typeof plantableAnswerBugs)[number];

/** Those of the doors to models. */
export const plantableDoorBugs = [
  /** A stream ends with its last token, whether or not its outcome stands. */
  'doors-end-before-outcome',
  /** The request of a client that leaves goes on. */
  'doors-leaver-not-cancelled',
] as const;

export type PlantableDoorBug = (typeof plantableDoorBugs)[number];

/** Those of the rules of agents: `plantAgentRules` of the domain, which reads no environment, puts them in. */
export const plantableAgentBugs = [
  'agents-old-token-taken',
  'agents-slot-kept',
  'agents-call-repeated',
  'agents-turn-asked-again',
] as const;

export type PlantableAgentBug = (typeof plantableAgentBugs)[number];

/** Those of executors. */
export const plantableExecutorBugs = [
  /** Work is begun again when its lease is over, whatever it says of being repeated. */
  'executors-repeat-all',
  /** Work counts as answered before its outcome is stored. */
  'executors-answer-forgotten',
  /** An outcome is sent although its lease was lost. */
  'executors-late-answer-sent',
  /** What was revoked is done all the same. */
  'executors-revoked-work-done',
] as const;

export type PlantableExecutorBug = (typeof plantableExecutorBugs)[number];

/** Those of the inbox that executors of several processes share. */
export const plantableWorkBugs = [
  /** What somebody has begun waits for the others all the same. */
  'work-claim-unowned',
] as const;

export type PlantableWorkBug = (typeof plantableWorkBugs)[number];

/** Those of schedules and triggers. */
export const plantableScheduleBugs = [
  /** The run of a fire has an id of chance, and not that of its schedule and time. */
  'schedules-random-fire-id',
  /** The run that an event triggers has an id of chance, and not that of trigger and event. */
  'triggers-random-run-id',
] as const;

export type PlantableScheduleBug = (typeof plantableScheduleBugs)[number];

/** Those that tests see which need no server: of steps, triggers, jobs over runs, large values and the live tail. */
export const plantableUnitBugs = [
  /** Each try of a webhook has an idempotency key of its own. */
  'webhooks-key-per-try',
  /** A webhook that may have had its effect is said to have failed, which is tried again. */
  'webhooks-unknown-failed',
  /** Each time that a step of a model is done it is another request. */
  'models-key-per-try',
  /** Work is begun again when its lease is over, whatever its definition says of being repeated. */
  'steps-repeat-all',
  /** What could not be handed over is passed by when the log brings it. */
  'steps-untaken-passed-by',
  /** Triggers start one another without a bound. */
  'triggers-no-depth',
  /** A job over runs counts a page before it has told all of its runs. */
  'run-jobs-position-first',
  /** A job over runs gives a run another command each time that it tells it. */
  'run-jobs-random-command-id',
  /** The reference to a large value is given out before its bytes are kept. */
  'payloads-reference-first',
  /** The live tail takes all streams of a subject for one. */
  'tail-streams-as-one',
  /** A rebuild works all of its time, however late live is. */
  'rebuild-gives-no-way',
  /** What a run said is told to those alone who wait by then. */
  'run-events-not-looked-back',
  /** What a run said is another signal each time that it is told. */
  'run-events-signal-per-telling',
] as const;

export type PlantableUnitBug = (typeof plantableUnitBugs)[number];

/** Those of the rules of workflows: `plantWorkflowRules` of the domain, which reads no environment, puts them in. */
export const plantableWorkflowBugs = [
  'workflows-result-counted-twice',
  'workflows-old-token-taken',
  'workflows-step-given-twice',
  'workflows-compensation-skipped',
  'workflows-retry-unbounded',
  'workflows-call-repeated',
  'workflows-join-early',
  'workflows-loser-kept',
  'workflows-timer-kept',
  'workflows-timer-counted-twice',
  'workflows-parked-forgotten',
  'workflows-signal-counted-twice',
  'workflows-window-ignored',
  'workflows-start-told-twice',
  'workflows-start-untold',
] as const;

export type PlantableWorkflowBug = (typeof plantableWorkflowBugs)[number];

const variable = 'CHORDA_PLANT';
/** Read once: hot paths ask, and the environment costs a call into the runtime each time. */
const planted = readPlanted(process.env);

/**
 * Whether this bug is planted: `CHORDA_PLANT` names it, among others by commas, and `NODE_ENV` is `test`. Where only the
 * first is so, importing this file throws, so that no process starts with a bug that it was not meant to have.
 */
export function isPlanted(
  bug:
    | PlantableBug
    | PlantableGatewayBug
    | PlantableDecisionBug
    | PlantableInferenceBug
    | PlantableAnswerBug
    | PlantableDoorBug
    | PlantableAgentBug
    | PlantableWorkflowBug
    | PlantableExecutorBug
    | PlantableWorkBug
    | PlantableScheduleBug
    | PlantableUnitBug,
): boolean {
  return planted.has(bug);
}

function readPlanted(env: NodeJS.ProcessEnv): ReadonlySet<string> {
  const names = env[variable]?.split(',') ?? [];
  if (names.length === 0 || names[0] === '') return new Set();
  if (env['NODE_ENV'] !== 'test') throw new Error(`${variable} plants a bug: it may be set in tests alone`);
  const known: readonly string[] = [
    ...plantableBugs,
    ...plantableGatewayBugs,
    ...plantableDecisionBugs,
    ...plantableInferenceBugs,
    ...plantableAnswerBugs,
    ...plantableDoorBugs,
    ...plantableAgentBugs,
    ...plantableWorkflowBugs,
    ...plantableExecutorBugs,
    ...plantableWorkBugs,
    ...plantableScheduleBugs,
    ...plantableUnitBugs,
  ];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new Error(`${variable}=${unknown.join()} is no bug that can be planted; there are ${known.join(', ')}`);
  }
  return new Set(names);
}
