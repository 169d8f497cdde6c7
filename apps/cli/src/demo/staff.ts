import { agentLife } from './agent-life.js';
import type { Day } from './day.js';
import { Gate } from './schedule.js';

export interface AgentRole {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly capabilities: readonly string[];
  readonly tools: readonly string[];
  readonly model: string;
}

export const roles: readonly AgentRole[] = [
  {
    name: 'Mail reader',
    type: 'assistant',
    description: 'Reads what customers write and says what they want.',
    capabilities: ['TEXT_PROCESSING'],
    tools: ['mailbox.read', 'customer.find'],
    model: 'llama-3.3-70b',
  },
  {
    name: 'Invoice checker',
    type: 'analyst',
    description: 'Compares invoices with orders and deliveries.',
    capabilities: ['DOCUMENT_ANALYSIS', 'API_INTEGRATION'],
    tools: ['erp.query', 'document.extract'],
    model: 'qwen-2.5-32b',
  },
  {
    name: 'Stock planner',
    type: 'analyst',
    description: 'Says what to reorder, and when.',
    capabilities: ['API_INTEGRATION'],
    tools: ['erp.query', 'forecast.run'],
    model: 'qwen-2.5-32b',
  },
  {
    name: 'Letter writer',
    type: 'assistant',
    description: 'Writes answers to customers.',
    capabilities: ['TEXT_PROCESSING'],
    tools: ['template.find'],
    model: 'llama-3.1-8b',
  },
];

export interface Agent {
  readonly id: string;
  readonly role: AgentRole;
  /** One execution at a time. */
  readonly desk: Gate;
  /** Executions that it will still take; then it is terminated and another takes its place. */
  worksLeft: number;
  ready: boolean;
}

/** The agents that work today. One that has done its share is replaced, so that whole lives are seen. */
export class Staff {
  private readonly agents: Agent[] = [];

  constructor(
    private readonly day: Day,
    size: number,
  ) {
    for (let place = 0; place < size; place++) this.hire(place, place * 20_000);
  }

  /** The agent of this role with the shortest queue. */
  pick(type: string): Agent {
    const able = this.agents.filter((agent) => agent.role.type === type);
    return able.reduce((best, agent) => (loadOf(agent) < loadOf(best) ? agent : best));
  }

  replace(agent: Agent): void {
    this.hire(this.agents.indexOf(agent), 60_000);
  }

  private hire(place: number, afterMs: number): void {
    const role = roles[place % roles.length]!;
    const agent: Agent = {
      id: this.agentId(afterMs),
      role,
      desk: new Gate(this.day.schedule),
      worksLeft: this.day.random.between(25, 60),
      ready: false,
    };
    this.agents[place] = agent;
    this.day.schedule.start(agentLife(this.day, agent), afterMs);
  }

  /** AGENT-YYYYMMDD-HHMMSS-NNNN-XXXX: born when, the how manieth of the day, and four digits against chance. */
  private agentId(afterMs: number): string {
    const [date, time] = new Date(this.day.nowMs + afterMs).toISOString().slice(0, 19).split('T') as [string, string];
    const number = String(this.day.count('agent')).padStart(4, '0');
    return `AGENT-${date.replaceAll('-', '')}-${time.replaceAll(':', '')}-${number}-${this.day.random.hex(4)}`;
  }
}

function loadOf(agent: Agent): number {
  return agent.desk.queueLength + (agent.ready ? 0 : 1) + (agent.worksLeft > 0 ? 0 : 1_000);
}
