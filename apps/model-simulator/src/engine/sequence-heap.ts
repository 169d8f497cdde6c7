import type { Sequence } from './sequence.js';

/** A binary heap that can also give up one from its middle: a client that leaves is not found by searching. */
export class SequenceHeap {
  private readonly nodes: Sequence[] = [];

  constructor(private readonly isBefore: (a: Sequence, b: Sequence) => boolean) {}

  get size(): number {
    return this.nodes.length;
  }

  first(): Sequence | undefined {
    return this.nodes[0];
  }

  /** In no order. */
  values(): readonly Sequence[] {
    return this.nodes;
  }

  push(sequence: Sequence): void {
    this.nodes.push(sequence);
    this.raise(this.nodes.length - 1, sequence);
  }

  shift(): Sequence | undefined {
    const first = this.nodes[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  remove(sequence: Sequence): void {
    const index = sequence.heapIndex;
    if (this.nodes[index] !== sequence) return;
    sequence.heapIndex = -1;
    const last = this.nodes.pop();
    if (last === undefined || last === sequence) return;
    if (this.raise(index, last) === index) this.sink(index, last);
  }

  private raise(from: number, sequence: Sequence): number {
    let index = from;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.nodes[above];
      if (parent === undefined || !this.isBefore(sequence, parent)) break;
      this.put(index, parent);
      index = above;
    }
    this.put(index, sequence);
    return index;
  }

  private sink(from: number, sequence: Sequence): void {
    let index = from;
    for (;;) {
      const left = 2 * index + 1;
      const [one, other] = [this.nodes[left], this.nodes[left + 1]];
      if (one === undefined) break;
      const isRight = other !== undefined && this.isBefore(other, one);
      const child = isRight ? other : one;
      if (!this.isBefore(child, sequence)) break;
      this.put(index, child);
      index = isRight ? left + 1 : left;
    }
    this.put(index, sequence);
  }

  private put(index: number, sequence: Sequence): void {
    this.nodes[index] = sequence;
    sequence.heapIndex = index;
  }
}
