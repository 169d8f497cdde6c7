import { wholeBetween, type Random } from './random.js';
import { UnsupportedSchemaError } from './unsupported-schema-error.js';

/** How often `*` and `+` repeat beyond what they must. */
const repeatsMore = 3;
const textLengthMax = 10_000;
/** Groups in groups that repeat write little and take for ever. */
const stepsMax = 100_000;

const classes: Readonly<Record<string, string>> = {
  d: '0123456789',
  w: 'abcdefghijklmnopqrstuvwxyz0123456789_',
  s: ' ',
  t: '\t',
  n: '\n',
  r: '\r',
};
const anyCharacter = 'abcdefghijklmnopqrstuvwxyz';
const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('');

/**
 * A text that a regular expression matches from end to end: literals, classes, groups, alternatives and repeats.
 *
 * @throws {@link UnsupportedSchemaError} for what looks around or back, or is no expression.
 */
export function patternText(pattern: string, random: Random): string {
  const text = new PatternReader(pattern, random).whole();
  if (!matches(pattern, text)) throw unsupported(pattern);
  return text;
}

function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch {
    throw unsupported(pattern);
  }
}

function unsupported(pattern: string): UnsupportedSchemaError {
  return new UnsupportedSchemaError(`The pattern ${JSON.stringify(pattern)} is not one that the simulator can follow.`);
}

class PatternReader {
  private at = 0;
  private steps = 0;

  constructor(
    private readonly pattern: string,
    private readonly random: Random,
  ) {}

  whole(): string {
    const text = this.alternatives();
    if (this.at < this.pattern.length) throw unsupported(this.pattern);
    return text;
  }

  /** Every alternative is read, one is taken. */
  private alternatives(): string {
    const options = [this.sequence()];
    while (this.take('|')) options.push(this.sequence());
    return options[wholeBetween(0, options.length - 1, this.random)] ?? '';
  }

  private sequence(): string {
    let text = '';
    while (this.at < this.pattern.length && !'|)'.includes(this.pattern[this.at] ?? '')) {
      text += this.repeated();
      if (text.length > textLengthMax) throw unsupported(this.pattern);
    }
    return text;
  }

  private repeated(): string {
    const start = this.at;
    let text = this.atom();
    const [min, max] = this.repeats();
    const end = this.at;
    const times = wholeBetween(min, max, this.random);
    if (times === 0) return '';
    for (let time = 1; time < times && text.length <= textLengthMax; time += 1) {
      this.at = start;
      text += this.atom();
    }
    this.at = end;
    return text;
  }

  private repeats(): readonly [number, number] {
    let bounds: readonly [number, number] = [1, 1];
    const braces = /^\{(\d{1,5})(,(\d{0,5}))?\}/.exec(this.pattern.slice(this.at));
    if (this.take('*')) bounds = [0, repeatsMore];
    else if (this.take('+')) bounds = [1, 1 + repeatsMore];
    else if (this.take('?')) bounds = [0, 1];
    else if (braces !== null) {
      this.at += braces[0].length;
      const min = Number(braces[1]);
      const most = braces[3] === '' ? min + repeatsMore : Number(braces[3]);
      bounds = [min, braces[2] === undefined ? min : most];
    } else return bounds;
    this.take('?'); // Lazy or greedy matches the same texts.
    return bounds;
  }

  private atom(): string {
    this.steps += 1;
    if (this.steps > stepsMax) throw unsupported(this.pattern);
    const character = this.pattern[this.at] ?? '';
    this.at += 1;
    if (character === '^' || character === '$') return '';
    if (character === '.') return this.oneOf(anyCharacter);
    if (character === '[') return this.oneOf(this.characterClass());
    if (character === '\\') return this.escaped();
    if (character !== '(') return character;
    if (this.take('?') && !this.take(':') && !this.takeGroupName()) throw unsupported(this.pattern);
    const text = this.alternatives();
    if (!this.take(')')) throw unsupported(this.pattern);
    return text;
  }

  private takeGroupName(): boolean {
    const name = /^<[A-Za-z_]\w*>/.exec(this.pattern.slice(this.at));
    if (name === null) return false;
    this.at += name[0].length;
    return true;
  }

  private escaped(): string {
    const character = this.pattern[this.at] ?? '';
    this.at += 1;
    const known = classes[character];
    if (known !== undefined) return this.oneOf(known);
    if (/[1-9a-zA-Z]/.test(character)) throw unsupported(this.pattern);
    return character;
  }

  private characterClass(): string {
    const isNegated = this.take('^');
    let members = '';
    while (this.at < this.pattern.length && !this.take(']')) {
      const from = this.member();
      if (this.pattern[this.at] === '-' && this.pattern[this.at + 1] !== ']' && from.length === 1) {
        this.at += 1;
        members += rangeOf(from, this.member());
      } else members += from;
      if (members.length > textLengthMax) throw unsupported(this.pattern);
    }
    if (!isNegated) return members;
    return Array.from(printable)
      .filter((character) => !members.includes(character))
      .join('');
  }

  private member(): string {
    const character = this.pattern[this.at] ?? '';
    this.at += 1;
    if (character !== '\\') return character;
    const next = this.pattern[this.at] ?? '';
    this.at += 1;
    return classes[next] ?? next;
  }

  private oneOf(characters: string): string {
    const all = Array.from(characters);
    const one = all[wholeBetween(0, all.length - 1, this.random)];
    if (one === undefined) throw unsupported(this.pattern);
    return one;
  }

  private take(text: string): boolean {
    if (!this.pattern.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }
}

function rangeOf(from: string, to: string): string {
  const [first, last] = [from.codePointAt(0) ?? 0, to.codePointAt(0) ?? 0];
  return Array.from({ length: Math.max(0, Math.min(last - first, 255) + 1) }, (_, index) =>
    String.fromCodePoint(first + index),
  ).join('');
}
