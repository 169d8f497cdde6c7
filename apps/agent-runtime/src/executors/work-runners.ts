import { assertNever } from '@chorda/kernel';
import type { ModelAsks } from '@chorda/work';
import { askTurn } from './ask-turn.js';
import { runCheck, type CheckParts } from './run-check.js';
import { runTool, type ToolParts } from './run-tool.js';
import { runTurn, type TurnParts } from './run-turn.js';
import type { WorkRunner } from './work-runner.js';

export interface RunnerParts extends TurnParts, ToolParts, CheckParts {
  /** Left out: this process asks the servers of models itself. */
  readonly asks?: ModelAsks | undefined;
}

/** Does every type of work that the engine asks for. */
export function workRunner({ asks, ...parts }: RunnerParts): WorkRunner {
  return {
    run({ work, ...assignment }) {
      switch (work.type) {
        case 'agent.turn_requested':
          return asks ? askTurn({ asks, ...parts }, { work, ...assignment }) : runTurn(parts, { work, ...assignment });
        case 'agent.tool_requested':
          return runTool(parts, { work, ...assignment });
        case 'agent.check_requested':
          return runCheck(parts, { work, ...assignment });
        default:
          return assertNever(work);
      }
    },
    async revoked(works) {
      if (!asks) return;
      const turns = works.filter(({ queue }) => queue === 'models');
      const reason = 'The execution does not wait for it any more';
      await Promise.all(
        turns.map(({ tenantId, workId, metadata }) => asks.cancel({ tenantId, requestId: workId, reason, metadata })),
      );
    },
  };
}
