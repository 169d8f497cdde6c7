import type { ChatCompletionChunk } from 'openai/resources';
import { ModelAnswerUnusableError } from './model-errors.js';
import type { ChatAnswer, RequestedCall } from './model-port.js';

/** Text, and arguments of calls, in characters: no lawful answer is longer, and one without an end must not fill memory. */
const charactersMax = 8_000_000;
const callsMax = 128;

/** Puts a streamed answer together: text and arguments come in pieces, usage in a last chunk without choices. */
export class ChatAssembly {
  private content: string | null = null;
  private readonly calls = new Map<number, RequestedCall>();
  private finishReason: string | undefined;
  private characters = 0;
  usage: ChatCompletionChunk['usage'];

  /** The answer said that it is at its end, and what it cost. */
  get isWhole(): boolean {
    return this.finishReason !== undefined;
  }

  /** @returns the text that the chunk adds. */
  add(chunk: ChatCompletionChunk): string {
    if (chunk.usage) this.usage = chunk.usage;
    const choice = chunk.choices?.[0];
    if (choice === undefined) return '';
    if (choice.finish_reason) this.finishReason = choice.finish_reason;
    const text = choice.delta?.content ?? '';
    if (text !== '') this.content = this.grown(this.content ?? '', text);
    for (const call of choice.delta?.tool_calls ?? []) this.addCall(call);
    return text;
  }

  answer(): Pick<ChatAnswer, 'content' | 'toolCalls' | 'finishReason'> {
    return { content: this.content, toolCalls: [...this.calls.values()], finishReason: this.finishReason ?? 'stop' };
  }

  private addCall({ index, id, function: called }: ChatCompletionChunk.Choice.Delta.ToolCall): void {
    const known = this.calls.get(index) ?? { id: '', name: '', arguments: '' };
    if (this.calls.size >= callsMax) throw new ModelAnswerUnusableError(`it asks for more than ${callsMax} calls`);
    this.calls.set(index, {
      id: id ?? known.id,
      name: called?.name ?? known.name,
      arguments: this.grown(known.arguments, called?.arguments ?? ''),
    });
  }

  private grown(text: string, piece: string): string {
    this.characters += piece.length;
    if (this.characters > charactersMax)
      throw new ModelAnswerUnusableError(`it is longer than ${charactersMax} characters`);
    return text + piece;
  }
}
