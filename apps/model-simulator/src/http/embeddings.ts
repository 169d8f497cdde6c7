import type { AnswerPlan } from '../model/answer-plan.js';
import { embed } from '../model/embedding.js';
import { decode } from '../text/tokenizer.js';
import { badForm, badParameter, badRequest, noSuchRoute } from './answer-error.js';
import { beginGeneration } from './begin-generation.js';
import { promptsOf } from './completions/completions.js';
import type { Exchange } from './exchange.js';
import { Fields } from './fields.js';
import type { AnswerShape, Choice, Usage } from './generation.js';
import { readSampling } from './sampling.js';
import { notForEmbedding } from './wrong-kind.js';

const inputsMax = 4_096;

/** An embedding is a prefill without an answer. */
const nothingSaid: AnswerPlan = {
  tokens: new Uint16Array(0),
  bytes: Buffer.alloc(0),
  spans: [],
  text: '',
  calls: [],
  finishReason: 'stop',
  stopReason: null,
};

/** `POST /v1/embeddings`; not there at all where no model embeds. */
export async function embeddings(exchange: Exchange): Promise<void> {
  const { settings } = exchange.simulator;
  if (settings.embeddingModels.length === 0) throw noSuchRoute();
  const fields = new Fields(await exchange.body());
  const named =
    fields.text('model') === undefined ? { ...fields.body, model: settings.embeddingModels[0] } : fields.body;
  const model = exchange.model(new Fields(named));
  if (model.kind === 'generate') throw notForEmbedding('Embeddings');
  const inputs = readInputs(fields, model.engine.settings.modelTokensMax);
  const dimensions = fields.integer('dimensions') ?? settings.embeddingDimensions;
  const encoding = fields.text('encoding_format') ?? 'float';
  fields.check();
  if (dimensions < 1 || dimensions > settings.embeddingDimensions) {
    const rule = `dimensions must be from 1 to ${settings.embeddingDimensions}, got ${dimensions}.`;
    throw badParameter('dimensions', rule, String(dimensions));
  }
  if (encoding !== 'float' && encoding !== 'base64') {
    throw badParameter('encoding_format', 'encoding_format must be float or base64.', encoding);
  }
  const choices: Choice[] = inputs.map((prompt, index) => ({ index, prompt, plan: nothingSaid }));
  const id = exchange.idWith('embd');
  const shape = new EmbeddingShape(id, model.name, dimensions, encoding, choices);
  const { priority, cache_salt: salt, user } = fields.body;
  const sampling = { ...readSampling(new Fields({ priority, cache_salt: salt, user }), []), isStreamed: false };
  const promptText = () => inputs.map((input) => decode([...input])).join('\n');
  await beginGeneration(exchange, { id, model, sampling, choices, shape, promptText });
}

function readInputs(fields: Fields, modelTokensMax: number): readonly Uint16Array[] {
  const given = fields.required('input');
  fields.check();
  const inputs = promptsOf(given);
  if (inputs === undefined) {
    const msg = 'Input should be a text, a list of texts, a list of tokens or a list of lists of tokens';
    throw badForm([{ type: 'string_type', loc: 'body.input', msg, input: 'None' }]);
  }
  if (inputs.length > inputsMax) throw badRequest(`input must hold at most ${inputsMax} texts.`, 'input');
  if (inputs.length === 0 || inputs.some(({ length }) => length === 0)) {
    throw badRequest('input must hold at least one text, and none that is empty.', 'input');
  }
  const longest = Math.max(...inputs.map(({ length }) => length));
  if (longest <= modelTokensMax) return inputs;
  const rule = `This model's maximum context length is ${modelTokensMax} tokens. However, you requested ${longest} tokens in the input for embedding generation. Please reduce the length of the input.`;
  throw badParameter('input_tokens', rule, String(longest));
}

class EmbeddingShape implements AnswerShape {
  constructor(
    private readonly id: string,
    private readonly model: string,
    private readonly dimensions: number,
    private readonly encoding: 'float' | 'base64',
    private readonly choices: readonly Choice[],
  ) {}

  opening(): undefined {
    return undefined;
  }

  token(): undefined {
    return undefined;
  }

  usage(): string {
    return '';
  }

  whole(usage: Usage | undefined): object {
    const counts = usage && {
      prompt_tokens: usage.promptTokens,
      total_tokens: usage.promptTokens,
      completion_tokens: 0,
      prompt_tokens_details: null,
    };
    return {
      id: this.id,
      object: 'list',
      created: Math.floor(Date.now() / 1000),
      model: this.model,
      data: this.choices.map(({ index, prompt }) => ({ index, object: 'embedding', embedding: this.vector(prompt) })),
      ...(counts !== undefined && { usage: counts }),
    };
  }

  private vector(prompt: Uint16Array): readonly number[] | string {
    const vector = embed(prompt, decode([...prompt]), this.dimensions);
    if (this.encoding === 'float') return [...vector];
    return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64');
  }
}
