import { plantableWorkflowRules, plantWorkflowRules } from '../workflows/planted-workflows.js';
import type { WorkflowPorts } from '../workflows/run-course.js';
import { workflowsAggregate } from '../workflows/workflows.aggregate.js';

const names = process.env['CHORDA_PLANT']?.split(',') ?? [];
/** To see that the tests would catch them. */
const planted = plantableWorkflowRules.filter((bug) => names.includes(bug));

/** The rules, with the bugs that are planted in this process. */
export function testedRules(ports: WorkflowPorts) {
  return plantWorkflowRules(workflowsAggregate(ports), planted);
}
