/**
 * A day runs as processes: generators that yield how long they wait, in milliseconds, or a gate to wait at. The
 * schedule resumes them in the order of their times, so everything happens in one order, whoever runs it.
 */
export type Process = Generator<number | Gate, void, undefined>;

interface Entry {
  readonly timeMs: number;
  /** Breaks ties by who came first: without it equal times would run in the order of the heap's whims. */
  readonly order: number;
  readonly process: Process;
}

export class Schedule {
  private readonly heap: Entry[] = [];
  private orders = 0;

  constructor(public nowMs: number) {}

  start(process: Process, afterMs = 0): void {
    this.push({ timeMs: this.nowMs + afterMs, order: this.orders++, process });
  }

  /** Resumes the process that is due first. False: there is none. */
  step(): boolean {
    const entry = this.pop();
    if (entry === undefined) return false;
    this.nowMs = entry.timeMs;
    const { value, done } = entry.process.next();
    if (done === true) return true;
    if (typeof value === 'number') this.start(entry.process, value);
    else value.enter(entry.process);
    return true;
  }

  private push(entry: Entry): void {
    const { heap } = this;
    let child = heap.length;
    heap.push(entry);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[child] = heap[parent]!;
      child = parent;
    }
    heap[child] = entry;
  }

  private pop(): Entry | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[parent] = heap[child]!;
      parent = child;
    }
    heap[parent] = last;
    return first;
  }
}

function before(left: Entry, right: Entry): boolean {
  return left.timeMs !== right.timeMs ? left.timeMs < right.timeMs : left.order < right.order;
}

/** Lets one process through at a time, in the order in which they came. It begins shut: whoever made it is inside. */
export class Gate {
  private readonly waiting: Process[] = [];
  private busy = true;

  constructor(private readonly schedule: Schedule) {}

  get queueLength(): number {
    return this.waiting.length + (this.busy ? 1 : 0);
  }

  /** Called by the schedule for a process that yielded this gate. */
  enter(process: Process): void {
    if (this.busy) {
      this.waiting.push(process);
      return;
    }
    this.busy = true;
    this.schedule.start(process);
  }

  leave(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.busy = false;
    else this.schedule.start(next);
  }
}
