declare const valueType: unique symbol;

/** Stands for a value that only a run will have; in a text it becomes the expression that finds it. */
export interface Reference<Value> {
  readonly [valueType]: Value;
  toString(): string;
  toJSON(): string;
}

/** A reference, and references to what is within it. */
export type Ref<Value> = Reference<Value> &
  (Value extends readonly (infer Item)[]
    ? { readonly [index: number]: Ref<Item> }
    : Value extends object
      ? { readonly [Name in keyof Value]-?: Ref<NonNullable<Value[Name]>> }
      : unknown);

const paths = new WeakMap<object, string>();
const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** @param path As CEL writes it: `steps.reserve.output`. */
export function reference<Value>(path: string): Ref<Value> {
  const own = { toString: () => `\${${path}}`, toJSON: () => `\${${path}}` };
  const made = new Proxy(own, {
    get(target, name) {
      if (name === 'toString' || name === 'toJSON') return target[name];
      if (typeof name === 'symbol') return name === Symbol.toPrimitive ? target.toString : undefined;
      return reference(within(path, name));
    },
  });
  paths.set(made, path);
  // The proxy answers every name; what is there is said by the type.
  return made as Ref<Value>;
}

export function within(path: string, name: string): string {
  if (identifier.test(name)) return `${path}.${name}`;
  return /^\d+$/.test(name) ? `${path}[${name}]` : `${path}[${JSON.stringify(name)}]`;
}

/** An expression in CEL with references in it: cel`${input.count} > 10`. */
export function cel(texts: TemplateStringsArray, ...values: readonly (object | string | number | boolean)[]): string {
  return texts.reduce((whole, text, index) => {
    const value = values[index - 1];
    const written = typeof value === 'object' ? paths.get(value) : JSON.stringify(value);
    if (written === undefined) throw new TypeError('Only references, texts, numbers and booleans can stand in cel');
    return whole + written + text;
  });
}

/** A text with references in it: text`Ship ${input.sku}?`. */
export function text(texts: TemplateStringsArray, ...values: readonly (object | string | number)[]): string {
  return texts.reduce((whole, each, index) => {
    const value = values[index - 1];
    const path = typeof value === 'object' ? paths.get(value) : undefined;
    return whole + (path === undefined ? String(value) : `\${${path}}`) + each;
  });
}
