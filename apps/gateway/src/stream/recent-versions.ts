/** The newest version of the streams that were seen last; what is not newer came before. */
export class RecentVersions {
  private readonly versions = new Map<string, bigint>();

  constructor(private readonly streamsMax: number) {}

  /** False when this version, or a later one of its stream, was there already. */
  add(stream: string, version: bigint): boolean {
    const known = this.versions.get(stream);
    if (known !== undefined && version <= known) return false;
    this.versions.delete(stream);
    this.versions.set(stream, version);
    if (this.versions.size > this.streamsMax) {
      const [oldest] = this.versions.keys();
      if (oldest !== undefined) this.versions.delete(oldest);
    }
    return true;
  }
}
