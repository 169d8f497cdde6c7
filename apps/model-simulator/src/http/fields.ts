import { badForm, type FormIssue } from './answer-error.js';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads the fields of a body and remembers all that is wrong with them; unknown ones are left alone, as vLLM does. */
export class Fields {
  private readonly issues: FormIssue[] = [];

  constructor(
    readonly body: JsonObject,
    private readonly at = 'body',
  ) {}

  /** @throws the answer that names everything that was wrong. */
  check(): void {
    if (this.issues.length > 0) throw badForm(this.issues);
  }

  required(name: string): unknown {
    const value = this.body[name];
    if (value === undefined) this.note('missing', name, 'Field required', this.body);
    return value;
  }

  object(name: string): JsonObject | undefined {
    const value = this.given(name);
    if (value === undefined || isObject(value)) return value;
    return this.wrong('dict_type', name, 'Input should be a valid dictionary', value);
  }

  list(name: string): readonly unknown[] | undefined {
    const value = this.given(name);
    if (value === undefined || Array.isArray(value)) return value;
    return this.wrong('list_type', name, 'Input should be a valid list', value);
  }

  text(name: string): string | undefined {
    const value = this.given(name);
    if (value === undefined || typeof value === 'string') return value;
    return this.wrong('string_type', name, 'Input should be a valid string', value);
  }

  flag(name: string): boolean | undefined {
    const value = this.given(name);
    if (value === undefined || typeof value === 'boolean') return value;
    return this.wrong('bool_type', name, 'Input should be a valid boolean', value);
  }

  number(name: string): number | undefined {
    const value = this.given(name);
    if (value === undefined || typeof value === 'number') return value;
    return this.wrong('float_type', name, 'Input should be a valid number', value);
  }

  integer(name: string): number | undefined {
    const value = this.given(name);
    if (value === undefined || (typeof value === 'number' && Number.isInteger(value))) return value;
    return this.wrong('int_type', name, 'Input should be a valid integer', value);
  }

  /** One text or a list of them. */
  texts(name: string): readonly string[] {
    const value = this.given(name);
    if (value === undefined) return [];
    if (typeof value === 'string') return [value];
    if (isTexts(value)) return value;
    return this.wrong('list_type', name, 'Input should be a valid string or a list of strings', value) ?? [];
  }

  integers(name: string): readonly number[] {
    const value = this.given(name);
    if (value === undefined) return [];
    if (isIntegers(value)) return value;
    return this.wrong('list_type', name, 'Input should be a valid list of integers', value) ?? [];
  }

  wrong(type: string, name: string, msg: string, input: unknown): undefined {
    this.note(type, name, msg, input);
  }

  /** `null` is an unset one, as everywhere in OpenAI's API. */
  private given(name: string): unknown {
    return this.body[name] ?? undefined;
  }

  private note(type: string, name: string, msg: string, input: unknown): void {
    this.issues.push({ type, loc: `${this.at}.${name}`, msg, input: pythonText(input) });
  }
}

export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

export function isIntegers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((one) => Number.isInteger(one));
}

/** Of what is large only its size: a body is not handed back in an error. */
function pythonText(value: unknown): string {
  if (Array.isArray(value)) return `'<list of ${value.length} items>'`;
  if (isObject(value)) return `'<dict of ${Object.keys(value).length} items>'`;
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return String(value);
  return `'${String(value).slice(0, 200)}'`;
}

/** A number as Python prints a float. */
export function pythonFloat(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
