import { assertNever } from '@chorda/kernel';
import { runCheck, type CheckParts } from './run-check.js';
import { runTool, type ToolParts } from './run-tool.js';
import { runTurn, type TurnParts } from './run-turn.js';
import type { WorkRunner } from './work-runner.js';

/** Does every type of work that the engine asks for. */
export function workRunner(parts: TurnParts & ToolParts & CheckParts): WorkRunner {
  return {
    run({ work, ...assignment }) {
      switch (work.type) {
        case 'agent.turn_requested':
          return runTurn(parts, { work, ...assignment });
        case 'agent.tool_requested':
          return runTool(parts, { work, ...assignment });
        case 'agent.check_requested':
          return runCheck(parts, { work, ...assignment });
        default:
          return assertNever(work);
      }
    },
  };
}
