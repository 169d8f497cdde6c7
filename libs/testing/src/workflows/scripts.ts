import type { StepRequest } from '@chorda/domain';
import { Reply, type ScriptedCall } from './replies.js';

/** Whoever does steps, by what they are asked by. `*` stands for all that have no script of their own. */
export type ScriptedKind = 'step' | 'tool' | 'agent' | 'model' | 'webhook' | 'workflow';

export interface Asked {
  readonly kind: ScriptedKind;
  /** `reserve`, `AGENT-1`, `POST https://pay.example/charges`, `OPERATION getPetById`. */
  readonly name: string;
}

/** Which reply whoever is asked gives next. */
export class Scripts {
  private readonly replies = new Map<string, readonly Reply[]>();
  private readonly given = new Map<string, number>();

  set(kind: ScriptedKind, name: string, replies: readonly Reply[]): void {
    if (replies.length === 0 || !replies.every((reply) => reply instanceof Reply)) {
      throw new TypeError(`${kind} ${name} needs replies: answers(…), fails(…), staysSilent(), …`);
    }
    this.replies.set(`${kind} ${name}`, replies);
  }

  copy(): Scripts {
    const copy = new Scripts();
    for (const [name, replies] of this.replies) copy.replies.set(name, replies);
    return copy;
  }

  /** Undefined where nobody said what it answers. The last reply stands for all that follow. */
  next(request: StepRequest): Reply | undefined {
    const name = this.nameFor(request);
    if (name === undefined) return undefined;
    const replies = this.replies.get(name) ?? [];
    const place = this.given.get(name) ?? 0;
    this.given.set(name, place + 1);
    return replies[Math.min(place, replies.length - 1)];
  }

  private nameFor(request: StepRequest): string | undefined {
    const { kind, name } = askedOf(request);
    const plain = request.step_id.replaceAll(/\[\d+\]|#\d+|!\w+/g, '');
    const named = [`step ${request.step_id}`, `step ${plain}`, `${kind} ${name}`].find((each) =>
      this.replies.has(each),
    );
    if (named !== undefined) return named;
    const begun = [...this.replies.keys()]
      .filter((each) => kind === 'webhook' && `${kind} ${name}`.startsWith(each))
      .toSorted((one, other) => other.length - one.length);
    return begun[0] ?? [`${kind} *`].find((each) => this.replies.has(each));
  }
}

export function askedOf(request: StepRequest): Asked {
  const settings = settingsOf(request);
  const text = (name: string, otherwise: string): string => {
    const value = settings[name];
    return typeof value === 'string' ? value : otherwise;
  };
  switch (request.step_type) {
    case 'tool':
      return { kind: 'tool', name: request.tool_name ?? '' };
    case 'agent':
      return { kind: 'agent', name: text('agent_id', '') };
    case 'llm':
      return { kind: 'model', name: text('model', '*') };
    case 'webhook': {
      // Its method and URL are in a document that is not read here.
      const operation = operationOf(settings);
      if (operation !== undefined) return { kind: 'webhook', name: `OPERATION ${operation}` };
      return { kind: 'webhook', name: `${text('method', 'POST')} ${text('url', '')}` };
    }
    case 'sub_workflow':
      return { kind: 'workflow', name: text('workflow', '') };
    default:
      return { kind: 'step', name: request.step_id };
  }
}

export function settingsOf({ settings }: StepRequest): ScriptedSettings {
  const parsed: unknown = JSON.parse(settings);
  return typeof parsed === 'object' && parsed !== null ? (parsed as ScriptedSettings) : {};
}

type ScriptedSettings = ScriptedCall['settings'];

/** The operation that a webhook step calls by OpenAPI. */
export function operationOf({ openapi = null }: ScriptedSettings): string | undefined {
  const operation: unknown = typeof openapi === 'object' && openapi !== null && Reflect.get(openapi, 'operation');
  return typeof operation === 'string' ? operation : undefined;
}
