import { problems, problemType, type ProblemCode } from './problem.js';
import { problemHelp } from './problem-help.js';

/** `docs/reference/errors.md`, as text. */
export function errorPage(): string {
  const codes = Object.keys(problems).filter((code): code is ProblemCode => code in problems);
  return [introduction, ...codes.map(section), ''].join('\n\n').replace(/\n+$/, '\n');
}

const introduction = `# Errors

Written by \`npm run api:release\` from the table that the gateway answers with; a test compares them.

Every error is an \`application/problem+json\` document of RFC 9457:

\`\`\`json
{
  "type": "urn:chorda:problem:invalid-event",
  "title": "The event breaks a rule of its schema",
  "status": 422,
  "code": "INVALID_EVENT",
  "detail": "/data/status must be one of completed, failed",
  "errors": [{ "pointer": "/data/status", "detail": "must be one of completed, failed" }],
  "request_id": "019aa3d4-8f6e-7a51-9c55-0d8a3c4b7e21",
  "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"
}
\`\`\`

\`code\` is stable: switch on it. \`type\` is the same name as a URN. \`errors\` names every place that is at fault: a JSON pointer into what was sent, or a header. An item of a batch has its problem in \`items\`. "Again" says whether the same request may end otherwise when it is sent again; \`@chorda/client\` does that by itself for 429, 502, 503, 504 and \`IDEMPOTENCY_KEY_IN_FLIGHT\`.`;

function section(code: ProblemCode): string {
  const { status, title, retriable } = problems[code];
  const { cause, fix } = problemHelp[code];
  return [
    `## ${code}`,
    `${status}, ${retriable ? 'again' : 'not again'}. ${title}. \`${problemType(code)}\``,
    `- Cause: ${cause}\n- Fix: ${fix}`,
  ].join('\n\n');
}
