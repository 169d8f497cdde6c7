import type { Expression } from '@chorda/domain';

/** A text with its expressions told apart; undefined where a `${` has no end. */
export function partsOfText(text: string): readonly (string | Expression)[] | undefined {
  const parts: (string | Expression)[] = [];
  let literal = '';
  for (let at = 0; at < text.length;) {
    if (text.startsWith('$${', at)) {
      literal += '${';
      at += 3;
    } else if (text.startsWith('${', at)) {
      const end = endOfExpression(text, at + 2);
      if (end === undefined) return undefined;
      if (literal !== '') parts.push(literal);
      literal = '';
      parts.push(expressionOf(text.slice(at + 2, end)));
      at = end + 1;
    } else {
      literal += text[at] ?? '';
      at += 1;
    }
  }
  if (literal !== '') parts.push(literal);
  return parts;
}

/** A condition as it is written: bare, or between `${` and `}`. */
export function conditionOf(text: string): Expression {
  const trimmed = text.trim();
  const isWrapped = trimmed.startsWith('${') && endOfExpression(trimmed, 2) === trimmed.length - 1;
  return expressionOf(isWrapped ? trimmed.slice(2, -1) : trimmed);
}

const jqPrefix = 'jq ';

/** jq is told by its name in front, which no CEL begins with: `${jq .items | length}`. */
export function expressionOf(text: string): Expression {
  const trimmed = text.trim();
  return trimmed.startsWith(jqPrefix)
    ? { language: 'jq', text: trimmed.slice(jqPrefix.length).trim() }
    : { language: 'cel', text: trimmed };
}

/** The other way round. */
export function expressionText({ language, text }: Expression): string {
  return language === 'jq' ? `\${${jqPrefix}${text}}` : `\${${text}}`;
}

export function literalText(text: string): string {
  // By a function: in a text of its own, $$ would mean one $.
  return text.replaceAll('${', () => '$${');
}

/** Where the bracket stands that closes what began before `start`; texts within are passed over. */
function endOfExpression(text: string, start: number): number | undefined {
  let depth = 0;
  let quote = '';
  for (let at = start; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (quote !== '') {
      if (character === '\\') at += 1;
      else if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '{') depth += 1;
    else if (character === '}') {
      if (depth === 0) return at;
      depth -= 1;
    }
  }
  return undefined;
}
