/**
 * The pure core of an aggregate (shape after event-driven-io/emmett, `typing/decider.ts`): no clock, no id source, no
 * driver. A rule that is broken throws a domain error; deciding nothing changes nothing.
 */
export interface Decider<State, Command, Event> {
  readonly initialState: State;
  decide(command: Command, state: State): readonly Event[];
  evolve(state: State, event: Event): State;
}
