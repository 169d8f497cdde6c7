import { encodePosition } from '@chorda/contracts';
import type { Reach } from '../events/read-your-writes.js';
import { Problem, type ProblemCode } from '../http/problem.js';
import type { Answer, Outcome } from '../idempotency/answer.js';
import { itemBody, type ItemResult } from './ingest.service.js';

const jsonHeaders = { 'content-type': 'application/json; charset=utf-8' };
/** Broken rules that one answer names: a request of ten megabytes can break a million, and naming each takes a hundred bytes. */
const issuesOfAllMax = 1_000;

/** Of everything that was logged; undefined when nothing was. */
export function positionOf(results: readonly ItemResult[]): string | undefined {
  const places = results.flatMap((result) => (result.status === 'logged' ? [result.place] : []));
  return places.length === 0 ? undefined : encodePosition(places);
}

/** 201: the event is logged. 200: it would be. Else the problem. */
export function singleOutcome(results: readonly ItemResult[], reach: Reach | undefined): Outcome {
  const [result] = results;
  if (result === undefined) throw new TypeError('A single event gave no result');
  switch (result.status) {
    case 'logged':
      return { effect: 'logged', answer: loggedAnswer(result, reach) };
    case 'valid':
      return { effect: 'logged', answer: jsonAnswer(200, result) };
    case 'unknown':
      return { effect: 'uncertain', problem: withRetry(result.problem) };
    default:
      return { effect: 'none', problem: withRetry(result.problem) };
  }
}

function loggedAnswer(result: Extract<ItemResult, { status: 'logged' }>, reach: Reach | undefined): Answer {
  const { id, source } = result;
  const location = `/v1/events/${encodeURIComponent(id)}?source=${encodeURIComponent(source)}`;
  const body = { status: 'logged', id, position: encodePosition([result.place]), ...reach };
  return { status: 201, headers: { ...jsonHeaders, location }, body: JSON.stringify(body) };
}

/**
 * 200: every event is logged (or, on a dry run, would be). 207: some are, so each item must be looked at. 422: none is,
 * and none ever will be. 503: none is known to be; the same request may be sent again.
 */
export function batchOutcome(results: readonly ItemResult[], reach: Reach | undefined): Outcome {
  const items = itemBodies(results);
  const position = positionOf(results);
  const good = results.filter(({ status }) => status === 'logged' || status === 'valid').length;
  if (good > 0 || results.length === 0) {
    const answer = jsonAnswer(good === results.length ? 200 : 207, { items, position: position ?? null, ...reach });
    const isUncertain = results.some((result) => 'problem' in result && result.problem.retriable);
    return { effect: isUncertain ? 'uncertain' : 'logged', answer };
  }
  const effect = results.some(({ status }) => status === 'unknown') ? 'uncertain' : 'none';
  return { effect, problem: withRetry(batchProblem(results, items)) };
}

function itemBodies(results: readonly ItemResult[]): readonly Record<string, unknown>[] {
  let left = issuesOfAllMax;
  return results.map((result) => {
    const body = itemBody(result, left);
    if ('problem' in result) left = Math.max(0, left - (result.problem.details.issues?.length ?? 0));
    return body;
  });
}

function batchProblem(results: readonly ItemResult[], items: readonly unknown[]): Problem {
  const problems = results.flatMap((result) => ('problem' in result ? [result.problem] : []));
  const uncertain = problems.find(({ retriable }) => retriable);
  const code: ProblemCode = uncertain?.code ?? 'BATCH_REFUSED';
  const refused = results.filter(({ status }) => status === 'refused').length;
  const detail =
    uncertain?.detail ??
    (refused === results.length
      ? 'Every event of the batch breaks a rule; nothing was logged'
      : `${refused} of ${results.length} events break a rule, and with validate=all nothing was sent`);
  return new Problem(code, detail, {
    issues: problems.flatMap(({ details }) => details.issues ?? []).slice(0, issuesOfAllMax),
    members: { items },
  });
}

function withRetry(problem: Problem): Problem {
  if (problem.status !== 503) return problem;
  return new Problem(problem.code, problem.detail, { ...problem.details, headers: { 'retry-after': '1' } });
}

function jsonAnswer(status: number, body: unknown): Answer {
  return { status, headers: jsonHeaders, body: JSON.stringify(body) };
}
