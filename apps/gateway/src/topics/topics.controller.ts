import { Controller, Get, Param } from '@nestjs/common';
import { RequireScope } from '../auth/scopes.js';
import { Problem } from '../http/problem.js';
import { Documented } from '../reference/documented.js';
import { TopicStates, type ShownTopic } from './topic-states.js';
import { topicOperation, topicsOperation } from './topics.openapi.js';

@Controller('v1/topics')
export class TopicsController {
  constructor(private readonly states: TopicStates) {}

  @Get()
  @RequireScope('system:read')
  @Documented(topicsOperation)
  async list(): Promise<{ readonly items: readonly ShownTopic[] }> {
    return { items: await this.states.all() };
  }

  @Get(':name')
  @RequireScope('system:read')
  @Documented(topicOperation)
  async byName(@Param('name') name: string): Promise<ShownTopic> {
    const topic = (await this.states.all()).find((each) => each.name === name);
    if (topic === undefined) throw new Problem('NOT_FOUND', 'There is no such topic of Chorda');
    return topic;
  }
}
