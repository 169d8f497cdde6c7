import { BrokenExpression } from '../expression-limits.js';
import { tokensOf, type Token } from './jq-lexer.js';
import { refusedWords, type Jq, type Operator, type Pattern } from './jq-syntax.js';

/** By how strongly they bind; `right`: the right one of two of them is worked out first. */
const levels: readonly { readonly signs: readonly string[]; readonly binds: 'left' | 'right' | 'none' }[] = [
  { signs: ['//'], binds: 'right' },
  { signs: ['=', '|=', '+=', '-=', '*=', '/=', '%=', '//='], binds: 'none' },
  { signs: ['or'], binds: 'left' },
  { signs: ['and'], binds: 'left' },
  { signs: ['==', '!=', '<=', '>=', '<', '>'], binds: 'none' },
  { signs: ['+', '-'], binds: 'left' },
  { signs: ['*', '/', '%'], binds: 'left' },
];
const assignments = new Set(levels[1]?.signs);

/** @throws {@link BrokenExpression} for what is no jq, or more of jq than is allowed. */
export function parseJq(text: string): Jq {
  return parseTokens(tokensOf(text), text.length);
}

function parseTokens(tokens: readonly Token[], end: number): Jq {
  const parser = new Parser(tokens, end);
  const program = parser.pipe();
  parser.expectEnd();
  return program;
}

class Parser {
  private at = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly end: number,
  ) {}

  pipe(): Jq {
    const left = this.comma();
    return this.take('|') ? { kind: 'pipe', left, right: this.pipe() } : left;
  }

  expectEnd(): void {
    if (this.at < this.tokens.length) throw this.fault('does not end here');
  }

  private comma(): Jq {
    let left = this.level(0);
    while (this.take(',')) left = { kind: 'comma', left, right: this.level(0) };
    return left;
  }

  private level(depth: number): Jq {
    const level = levels[depth];
    if (level === undefined) return this.postfix();
    let left = this.level(depth + 1);
    for (;;) {
      const sign = level.signs.find((each) => this.take(each));
      if (sign === undefined) return left;
      const right = this.level(level.binds === 'right' ? depth : depth + 1);
      left = assignments.has(sign)
        ? { kind: 'assign', operator: sign, left, right }
        : { kind: 'operator', operator: sign as Operator, left, right };
      if (level.binds === 'none') return left;
    }
  }

  private postfix(): Jq {
    if (this.take('-')) return { kind: 'negate', of: this.postfix() };
    const term = this.suffixes(this.term());
    if (!this.take('as')) return term;
    const pattern = this.pattern();
    this.expect('|');
    return { kind: 'bind', source: term, pattern, body: this.pipe() };
  }

  private suffixes(start: Jq): Jq {
    let term = start;
    for (;;) {
      const token = this.tokens[this.at];
      if (token?.kind === 'field') {
        this.at += 1;
        term = { kind: 'index', of: term, by: literal(token.text) };
      } else if (this.take('?')) term = { kind: 'try', body: term, handler: null };
      else if (this.take('[')) term = this.bracket(term);
      else if (this.isSign('.') && (this.isSign('[', 1) || this.tokens[this.at + 1]?.kind === 'text')) {
        this.at += 1;
        term = this.take('[') ? this.bracket(term) : { kind: 'index', of: term, by: this.text(null) };
      } else return term;
    }
  }

  private bracket(of: Jq): Jq {
    if (this.take(']')) return { kind: 'iterate', of };
    if (this.take(':')) {
      const to = this.pipe();
      this.expect(']');
      return { kind: 'slice', of, from: null, to };
    }
    const by = this.pipe();
    if (this.take(':')) {
      const to = this.isSign(']') ? null : this.pipe();
      this.expect(']');
      return { kind: 'slice', of, from: by, to };
    }
    this.expect(']');
    return { kind: 'index', of, by };
  }

  private term(): Jq {
    const token = this.tokens[this.at];
    if (token === undefined) throw this.fault('ends too early');
    switch (token.kind) {
      case 'number':
        this.at += 1;
        return literal(token.value);
      case 'text':
        return this.text(null);
      case 'format':
        this.at += 1;
        return this.tokens[this.at]?.kind === 'text' ? this.text(token.text) : { kind: 'format', format: token.text };
      case 'variable':
        this.at += 1;
        return { kind: 'variable', name: token.text };
      case 'field':
        this.at += 1;
        return { kind: 'index', of: { kind: 'identity' }, by: literal(token.text) };
      case 'word':
        this.at += 1;
        return this.word(token.text);
      case 'sign':
        return this.sign(token.text);
    }
  }

  private sign(sign: string): Jq {
    this.at += 1;
    switch (sign) {
      case '..':
        return { kind: 'recurse' };
      case '.':
        return this.tokens[this.at]?.kind === 'text'
          ? { kind: 'index', of: { kind: 'identity' }, by: this.text(null) }
          : { kind: 'identity' };
      case '(': {
        const inner = this.pipe();
        this.expect(')');
        return inner;
      }
      case '[': {
        if (this.take(']')) return { kind: 'list', items: null };
        const items = this.pipe();
        this.expect(']');
        return { kind: 'list', items };
      }
      case '{':
        return this.object();
      default:
        this.at -= 1;
        throw this.fault(`has a ${sign} that cannot stand here`);
    }
  }

  private word(name: string): Jq {
    if (refusedWords.has(name)) throw this.fault(`has ${name}, which may not be used in a workflow`);
    switch (name) {
      case 'null':
        return literal(null);
      case 'true':
        return literal(true);
      case 'false':
        return literal(false);
      case 'if':
        return this.condition();
      case 'try': {
        const body = this.suffixes(this.term());
        return { kind: 'try', body, handler: this.take('catch') ? this.suffixes(this.term()) : null };
      }
      case 'reduce':
        return this.reduce();
      default:
        return { kind: 'call', name, parameters: this.parameters() };
    }
  }

  private condition(): Jq {
    const condition = this.pipe();
    this.expect('then');
    const whenTrue = this.pipe();
    if (this.take('elif')) return { kind: 'if', condition, whenTrue, otherwise: this.condition() };
    const otherwise = this.take('else') ? this.pipe() : null;
    this.expect('end');
    return { kind: 'if', condition, whenTrue, otherwise };
  }

  private reduce(): Jq {
    const source = this.suffixes(this.term());
    this.expect('as');
    const pattern = this.pattern();
    this.expect('(');
    const start = this.pipe();
    this.expect(';');
    const update = this.pipe();
    this.expect(')');
    return { kind: 'reduce', source, pattern, start, update };
  }

  private parameters(): readonly Jq[] {
    if (!this.take('(')) return [];
    const parameters = [this.pipe()];
    while (this.take(';')) parameters.push(this.pipe());
    this.expect(')');
    return parameters;
  }

  private object(): Jq {
    const members: { name: Jq; value: Jq }[] = [];
    while (!this.take('}')) {
      members.push(this.member());
      if (!this.take(',') && !this.isSign('}')) throw this.fault('must have , or } here');
    }
    return { kind: 'object', members };
  }

  private member(): { name: Jq; value: Jq } {
    const token = this.tokens[this.at];
    if (token?.kind === 'variable') {
      this.at += 1;
      return { name: literal(token.text), value: { kind: 'variable', name: token.text } };
    }
    const name = this.memberName(token);
    if (this.take(':')) return { name, value: this.memberValue() };
    return { name, value: { kind: 'index', of: { kind: 'identity' }, by: name } };
  }

  private memberName(token: Token | undefined): Jq {
    if (token?.kind === 'text') return this.text(null);
    this.at += 1;
    if (token?.kind === 'word') return literal(token.text);
    if (token?.kind === 'number') return literal(String(token.value));
    if (token?.kind === 'sign' && token.text === '(') {
      const name = this.pipe();
      this.expect(')');
      return name;
    }
    this.at -= 1;
    throw this.fault('must name a member here');
  }

  /** Commas end it, as jq has it. */
  private memberValue(): Jq {
    const left = this.level(0);
    return this.take('|') ? { kind: 'pipe', left, right: this.memberValue() } : left;
  }

  private pattern(): Pattern {
    const token = this.tokens[this.at];
    if (token?.kind === 'variable') {
      this.at += 1;
      return { kind: 'name', name: token.text };
    }
    if (this.take('[')) {
      const items = [this.pattern()];
      while (this.take(',')) items.push(this.pattern());
      this.expect(']');
      return { kind: 'list', items };
    }
    this.expect('{');
    const members = [this.patternMember()];
    while (this.take(',')) members.push(this.patternMember());
    this.expect('}');
    return { kind: 'object', members };
  }

  private patternMember(): { name: string; pattern: Pattern } {
    const token = this.tokens[this.at];
    this.at += 1;
    if (token?.kind === 'variable') return { name: token.text, pattern: { kind: 'name', name: token.text } };
    if (token?.kind !== 'word') throw this.fault('must name a member here');
    this.expect(':');
    return { name: token.text, pattern: this.pattern() };
  }

  private text(format: string | null): Jq {
    const token = this.tokens[this.at];
    if (token?.kind !== 'text') throw this.fault('must have a text here');
    this.at += 1;
    const [only, ...rest] = token.parts;
    if (typeof only === 'string' && rest.length === 0) return literal(only);
    const parts = token.parts.map((part) => (typeof part === 'string' ? part : parseTokens(part, this.end)));
    return { kind: 'text', format, parts };
  }

  private isSign(text: string, ahead = 0): boolean {
    const token = this.tokens[this.at + ahead];
    return (token?.kind === 'sign' || token?.kind === 'word') && token.text === text;
  }

  private take(text: string): boolean {
    if (!this.isSign(text)) return false;
    this.at += 1;
    return true;
  }

  private expect(text: string): void {
    if (!this.take(text)) throw this.fault(`must have ${text} here`);
  }

  private fault(detail: string): BrokenExpression {
    return new BrokenExpression(`must be jq: ${detail} (character ${(this.tokens[this.at]?.at ?? this.end) + 1})`);
  }
}

function literal(value: string | number | boolean | null): Jq {
  return { kind: 'literal', value };
}
