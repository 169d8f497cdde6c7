/** The last `sizeMax` texts that were added; older ones are forgotten. */
export class RecentSet {
  private readonly texts = new Set<string>();

  constructor(private readonly sizeMax: number) {}

  has(text: string): boolean {
    return this.texts.has(text);
  }

  /** False when it was there already. */
  add(text: string): boolean {
    if (this.texts.has(text)) return false;
    this.texts.add(text);
    if (this.texts.size > this.sizeMax) {
      const [oldest] = this.texts;
      if (oldest !== undefined) this.texts.delete(oldest);
    }
    return true;
  }
}
