import type { GivenStep, StepResults } from './generated/answers.js';
import {
  cutOff,
  json,
  problem,
  scriptedGateway,
  type Reply,
  type SeenRequest,
} from './scripted-gateway.fixture.spec.js';

type Answer = StepResults['results'][number];

interface Poll {
  readonly tools: readonly string[];
  readonly max: number;
}

interface Beat {
  readonly lease_token: string;
  readonly checkpoint?: { readonly n: number; readonly value: unknown };
}

const absences = {
  cut: cutOff,
  unavailable: problem(503, 'OVERLOADED'),
  forbidden: problem(403, 'FORBIDDEN'),
} as const;

export type StepsGateway = Awaited<ReturnType<typeof stepsGateway>>;

/** A real HTTP server that hands out steps and takes their results as the gateway does, and is away when it is told to be. */
export async function stepsGateway() {
  const given: GivenStep[] = [];
  const waiting: (() => void)[] = [];
  const away: { readonly reply: Reply; readonly at: string }[] = [];
  const lost = new Set<string>();
  const tooLarge = new Set<string>();
  const polls: Poll[] = [];
  const beats: Beat[] = [];
  const seenAnswers: Answer[] = [];
  const answers = new Map<string, Answer>();
  const counts = { cuts: 0, answered: 0 };

  const poll: Reply = (response, request) => {
    const wanted: Poll = JSON.parse(request.body);
    polls.push(wanted);
    const answer = () => {
      if (response.destroyed) return;
      if (given.length === 0) return void waiting.push(answer);
      void json(200, { steps: given.splice(0, wanted.max) })(response, request);
    };
    answer();
  };
  const beat: Reply = (response, request) => {
    const told: Beat = JSON.parse(request.body);
    if (lost.has(request.path.split('/')[3] ?? '')) return problem(409, 'LEASE_LOST')(response, request);
    beats.push(told);
    return json(200, { status: 'held' })(response, request);
  };
  const stateOf = (answer: Answer) => {
    const { work_id: id, output } = answer;
    if (lost.has(id)) return { work_id: id, status: 'lease_lost', detail: 'It is lost' };
    if (tooLarge.has(id) && output !== undefined) return { work_id: id, status: 'too_large', detail: 'It is large' };
    answers.set(id, answer);
    return { work_id: id, status: 'stored', detail: null };
  };
  const take: Reply = (response, request) => {
    const { results }: { readonly results: readonly Answer[] } = JSON.parse(request.body);
    seenAnswers.push(...results);
    if (results.some(({ error }) => (error?.code?.length ?? 0) > 200))
      return problem(422, 'INVALID_REQUEST')(response, request);
    const states = results.map(stateOf);
    if (counts.cuts-- > 0) return cutOff(response, request);
    counts.answered += results.length;
    return json(200, { results: states })(response, request);
  };
  const route: Reply = (response, request) => {
    const at = away.findIndex((absence) => request.path.endsWith(absence.at));
    const [absence] = at < 0 ? [] : away.splice(at, 1);
    return (absence?.reply ?? replyTo(request))(response, request);
  };
  const replyTo = ({ path }: SeenRequest): Reply =>
    path.endsWith('/poll') ? poll : path.endsWith('/heartbeat') ? beat : take;

  const gateway = await scriptedGateway(route);
  return {
    ...{ polls, beats, answers },
    client: () => gateway.client(),
    /** How many results it has said to have. */
    get answered() {
      return counts.answered;
    },
    beatsOf: (workId: string) => beats.filter(({ lease_token: token }) => token === `lease-${workId}`).length,
    left: () => given.length,
    give(...steps: readonly (Pick<GivenStep, 'work_id' | 'tool'> & Partial<GivenStep>)[]): void {
      given.push(...steps.map(stepOf));
      for (const wake of waiting.splice(0)) wake();
    },
    lose: (workId: string) => void lost.add(workId),
    refuseSize: (workId: string) => void tooLarge.add(workId),
    /** For so many requests to the end of a path. */
    beAway(how: keyof typeof absences, times: number, at = 'poll'): void {
      away.push(...Array.from({ length: times }, () => ({ reply: absences[how], at })));
    },
    /** So many requests with results are taken, and their answers never arrive. */
    cutAfterStoring(times: number): void {
      counts.cuts = times;
    },
    seenAnswers: (workId: string) => seenAnswers.filter(({ work_id: id }) => id === workId),
    answerOf(workId: string): Answer {
      const answer = answers.get(workId);
      if (answer === undefined) throw new Error(`There is no answer of ${workId}`);
      return answer;
    },
    requests: (at: string) => gateway.seen.filter(({ path }) => path.endsWith(at)).length,
  };
}

function stepOf(step: Pick<GivenStep, 'work_id' | 'tool'> & Partial<GivenStep>): GivenStep {
  const { work_id: id } = step;
  return {
    ...{ lease_token: `lease-${id}`, lease_ms: 30_000, left_ms: 600_000, run_id: `run-${id}`, workflow: 'w' },
    ...{ step_id: `step-${id}`, queue: 'default', input: {}, idempotency_key: `key-${id}`, attempt: 1, delivery: 1 },
    ...{ checkpoint: null, idle_ms: null, traceparent: null },
    ...step,
  };
}
