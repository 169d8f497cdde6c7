import { agent, machine } from '@chorda/workflows';

const patience = { timeouts: { run: '5m' }, retry: { attempts: 2, backoff: '1s' } } as const;

/**
 * A crew: a researcher hands over to a writer, the writer to a critic, and the critic back to the writer until the text is
 * approved or was revised twice. Who is next is a transition, and what is handed over stands in `context`.
 */
export const crew = machine('crew', {
  title: 'Researcher, writer and critic hand a text to each other',
  input_schema: {
    type: 'object',
    required: ['topic', 'agents'],
    properties: {
      topic: { type: 'string', minLength: 3 },
      agents: {
        type: 'object',
        required: ['researcher', 'writer', 'critic'],
        additionalProperties: { type: 'string' },
      },
    },
  },
  start: 'RESEARCH',
  context: { notes: null, draft: null, remarks: null, revisions: 0, problem: null },
  visits_max: 20,
  states: {
    RESEARCH: {
      step: agent('${input.agents.researcher}', {
        input: { task: 'Gather facts.', topic: '${input.topic}' },
        ...patience,
      }),
      next: { to: 'WRITE', assign: { notes: '${output.content}' } },
      on_error: { to: 'GIVEN_UP', assign: { problem: '${error}' } },
    },
    WRITE: {
      step: agent('${input.agents.writer}', {
        input: { task: 'Write it, and heed the remarks.', notes: '${context.notes}', remarks: '${context.remarks}' },
        ...patience,
      }),
      next: { to: 'REVIEW', assign: { draft: '${output.content}' } },
      on_error: { to: 'GIVEN_UP', assign: { problem: '${error}' } },
    },
    REVIEW: {
      step: agent('${input.agents.critic}', {
        input: { task: 'Answer APPROVED, or say what is missing.', draft: '${context.draft}' },
        ...patience,
      }),
      next: [
        { to: 'PUBLISHED', when: 'output.content.startsWith("APPROVED") || context.revisions >= 2' },
        { to: 'WRITE', assign: { remarks: '${output.content}', revisions: '${context.revisions + 1}' } },
      ],
      on_error: { to: 'GIVEN_UP', assign: { problem: '${error}' } },
    },
    PUBLISHED: { final: 'completed', output: { text: '${context.draft}', revisions: '${context.revisions}' } },
    GIVEN_UP: { final: 'failed', error: '${context.problem}' },
  },
});
