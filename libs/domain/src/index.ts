export type {
  Aggregate,
  Decision,
  Given,
  StatesOf,
  StreamDefinition,
  StreamRef,
  Timer,
  Typed,
  WorkItem,
} from './aggregate.js';
export { DomainError } from './domain-error.js';
