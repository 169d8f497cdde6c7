import { parse } from 'yaml';
import type { JsonValue } from '@chorda/kernel';

/** One sentence of a scenario with the text under it. */
export interface Sentence {
  readonly text: string;
  readonly block: string | undefined;
}

export interface Scenario {
  readonly feature: string;
  readonly name: string;
  readonly definition: string;
  readonly input: JsonValue;
  readonly expectations: readonly Sentence[];
}

/** Reads the little of Gherkin that the conformance features are written in. */
export function scenariosOf(text: string): readonly Scenario[] {
  const feature = /^Feature:\s*(.+)$/m.exec(text)?.[1]?.trim() ?? '';
  return text
    .split(/^\s*Scenario:/m)
    .slice(1)
    .map((part) => {
      const [name = '', ...lines] = part.split('\n');
      const sentences = sentencesOf(lines);
      const block = (pattern: RegExp) => sentences.find((each) => pattern.test(each.text))?.block;
      const input: JsonValue = parse(block(/workflow input is/) ?? '{}');
      return {
        feature,
        name: name.trim(),
        definition: block(/workflow with definition/) ?? '',
        input,
        expectations: sentences.filter(({ text: sentence }) => /should/.test(sentence)),
      };
    });
}

function sentencesOf(lines: readonly string[]): readonly Sentence[] {
  const sentences: { text: string; block: string | undefined }[] = [];
  let block: string[] | undefined;
  let indent = 0;
  for (const line of lines) {
    if (line.trim().startsWith('"""')) {
      const last = sentences.at(-1);
      if (block === undefined) {
        block = [];
        indent = line.indexOf('"');
      } else {
        if (last) last.block = block.join('\n');
        block = undefined;
      }
    } else if (block !== undefined) block.push(line.slice(indent));
    else if (/^\s*(Given|When|Then|And)\b/.test(line)) sentences.push({ text: line.trim(), block: undefined });
  }
  return sentences;
}
