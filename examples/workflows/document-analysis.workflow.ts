import { agent, map, workflow } from '@chorda/workflows';

interface Documents {
  /** Id of the agent that reads. */
  readonly agent: string;
  readonly documents: readonly { readonly name: string; readonly text: string }[];
}

/** What is done with one document; `input` is what `item_input` below makes. */
const reading = workflow('reading')
  .step('read', () =>
    agent<{ content: string }>('${input.agent}', {
      input: { task: 'Say in two sentences what this document is about.', document: '${input.document}' },
      retry: { attempts: 3, backoff: '2s' },
      timeouts: { run: '5m' },
      on_failure: 'fail',
    }),
  )
  .output(({ steps }) => ({ document: '${input.document.name}', summary: steps.read.output.content }));

/** Documents are read four at a time; one in ten may fail; then what was read is summed up. */
export const documentAnalysis = workflow('document-analysis', {
  title: 'Agents read documents and sum them up',
  timeout: '1h',
})
  .input<Documents>({
    type: 'object',
    required: ['agent', 'documents'],
    properties: {
      agent: { type: 'string' },
      documents: {
        type: 'array',
        minItems: 1,
        items: {
          type: 'object',
          required: ['name', 'text'],
          properties: { name: { type: 'string' }, text: { type: 'string' } },
        },
      },
    },
  })
  .step('each', ({ input }) =>
    map<{ document: string; summary: string }>(input.documents, reading.flow(), {
      window: 4,
      item_input: { agent: input.agent, document: '${item}' },
      failures_max: 3,
      on_failure: 'fail',
    }),
  )
  .step('overview', { needs: ['each'] }, ({ input, steps }) =>
    agent<{ content: string }>(input.agent, {
      input: { task: 'Say in three sentences what these documents have in common.', summaries: steps.each.output },
      timeouts: { run: '5m' },
      on_failure: 'fail',
    }),
  )
  .output(({ steps }) => ({ documents: steps.each.output, overview: steps.overview.output.content }));
