/** Whether this gateway takes simulated decisions at all; which keys and sources may send them is asked per event. */
export class SimulationDoor {
  constructor(readonly isOpen: boolean) {}
}
