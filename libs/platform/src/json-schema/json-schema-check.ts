import { RE2JS } from '@bufbuild/re2';
import { InvalidInputError, type Issue, type JsonValue } from '@chorda/kernel';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** Enough for a person to mend an event; a hostile one could break a rule in each of a million items. */
const issuesMax = 100;

/** Patterns are the words of strangers, and run on the words of strangers: an engine that takes linear time. */
function linearRegExp(pattern: string): { test(text: string): boolean; toString(): string } {
  const compiled = RE2JS.compile(pattern);
  // ajv tells patterns apart by their text, and takes two of the same for one.
  return { test: (text) => compiled.test(text), toString: () => `RE2 ${pattern}` };
}
/** What ajv would put in front of code that it writes to a file; nothing is. */
linearRegExp.code = 'undefined';

let known: Ajv2020 | undefined;

/** One for all schemas: to make one takes 80 ms of compiling what a schema may be. No schema can name another's `$id`. */
function compiler(): Ajv2020 {
  if (known === undefined) {
    known = new Ajv2020({
      strict: false,
      allErrors: true,
      code: { regExp: linearRegExp },
      logger: false,
      addUsedSchema: false,
    });
    addFormats.default(known);
  }
  return known;
}

/** What a JSON Schema allows beyond what Avro can say: bounds, patterns, formats, combinations. */
export class JsonSchemaCheck {
  private readonly validate: ValidateFunction;

  /** @throws {@link InvalidInputError} for what is no JSON Schema of draft 2020-12, or needs something from elsewhere. */
  constructor(schema: JsonValue) {
    const own = withoutDraft(schema);
    try {
      this.validate = compiler().compile(own);
      // It keeps what it compiled; whoever asked keeps it here.
      compiler().removeSchema(own);
    } catch (error) {
      compiler().removeSchema(own);
      const detail = error instanceof Error ? error.message.slice(0, 500) : String(error);
      throw new InvalidInputError('JSON Schema', [{ pointer: '', detail }]);
    }
  }

  issuesOf(data: unknown): readonly Issue[] {
    if (this.validate(data)) return [];
    return (this.validate.errors ?? []).slice(0, issuesMax).map(toIssue);
  }
}

/** The drafts differ in what our subset does not use, and only one of them is compiled. */
function withoutDraft(schema: JsonValue): object {
  const { $schema: _draft, ...rest } = Object(schema);
  return rest;
}

function toIssue({ instancePath, keyword, message, params }: ErrorObject): Issue {
  const extra = keyword === 'additionalProperties' ? ` (${String(params['additionalProperty']).slice(0, 100)})` : '';
  return { pointer: instancePath, detail: `${message ?? keyword}${extra}` };
}
