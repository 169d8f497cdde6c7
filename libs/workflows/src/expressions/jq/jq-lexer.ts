import { BrokenExpression } from '../expression-limits.js';

export type Token =
  | { readonly kind: 'number'; readonly value: number; readonly at: number }
  /** Parts of a text: what stands between `\(` and `)` is tokens of its own. */
  | { readonly kind: 'text'; readonly parts: readonly (string | readonly Token[])[]; readonly at: number }
  | { readonly kind: 'field' | 'variable' | 'word' | 'format' | 'sign'; readonly text: string; readonly at: number };

const signs = ['?//', '//=', '|=', '+=', '-=', '*=', '/=', '%=', '==', '!=', '<=', '>=', '//', '..'];
const singles = '.[]{}()|,:;=<>+-*/%?';
const space = /[ \t\r\n]/;
const number = /^(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/;
const word = /^[a-zA-Z_][a-zA-Z0-9_]*/;
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** @throws {@link BrokenExpression} naming the place. */
export function tokensOf(text: string): readonly Token[] {
  return new Lexer(text).read(false);
}

class Lexer {
  private at = 0;

  constructor(private readonly text: string) {}

  /** @param inside Ends with the bracket that closes an interpolation. */
  read(inside: boolean): readonly Token[] {
    const tokens: Token[] = [];
    let depth = 0;
    for (;;) {
      this.skip();
      const character = this.text[this.at];
      if (character === undefined) {
        if (inside) throw this.fault('ends within \\( )');
        return tokens;
      }
      if (inside && character === ')' && depth === 0) {
        this.at += 1;
        return tokens;
      }
      if (character === '(') depth += 1;
      if (character === ')') depth -= 1;
      tokens.push(this.next(character));
    }
  }

  private skip(): void {
    for (;;) {
      const character = this.text[this.at];
      if (character === undefined) return;
      if (character === '#') {
        while (this.at < this.text.length && this.text[this.at] !== '\n') this.at += 1;
      } else if (!space.test(character)) return;
      else this.at += 1;
    }
  }

  private next(character: string): Token {
    const at = this.at;
    if (character === '"') return this.readText();
    const rest = this.text.slice(at);
    const digits = number.exec(rest)?.[0];
    if (digits !== undefined) {
      this.at += digits.length;
      return { kind: 'number', value: Number(digits), at };
    }
    for (const [prefix, kind] of [
      ['.', 'field'],
      ['$', 'variable'],
      ['@', 'format'],
    ] as const) {
      const name = character === prefix ? word.exec(rest.slice(1))?.[0] : undefined;
      if (name === undefined) continue;
      this.at += name.length + 1;
      return { kind, text: name, at };
    }
    const name = word.exec(rest)?.[0];
    if (name !== undefined) {
      this.at += name.length;
      return { kind: 'word', text: name, at };
    }
    const sign = signs.find((each) => rest.startsWith(each)) ?? (singles.includes(character) ? character : undefined);
    if (sign === undefined) throw this.fault(`has a ${JSON.stringify(character)} that means nothing`);
    this.at += sign.length;
    return { kind: 'sign', text: sign, at };
  }

  private readText(): Token {
    const at = this.at;
    const parts: (string | readonly Token[])[] = [];
    let part = '';
    this.at += 1;
    for (;;) {
      const character = this.text[this.at];
      if (character === undefined) throw this.fault('ends within a text');
      this.at += 1;
      if (character === '"') {
        parts.push(part);
        return { kind: 'text', parts, at };
      }
      if (character !== '\\') {
        part += character;
        continue;
      }
      const escaped = this.text[this.at] ?? '';
      this.at += 1;
      if (escaped === '(') {
        parts.push(part, this.read(true));
        part = '';
      } else part += this.unescape(escaped);
    }
  }

  private unescape(escaped: string): string {
    if (escaped !== 'u') {
      const known = escapes[escaped];
      if (known === undefined) throw this.fault(`has a \\${escaped} that means nothing`);
      return known;
    }
    const digits = this.text.slice(this.at, this.at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.fault('has a \\u without four digits');
    this.at += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  private fault(detail: string): BrokenExpression {
    return new BrokenExpression(`must be jq: ${detail} (character ${this.at + 1})`);
  }
}
