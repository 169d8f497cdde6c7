import type { JournalListRow } from '@chorda/read-models';

/** Of the texts of one generation, of which there are two at most. */
const textBytesMax = 8 * 1024 * 1024;

interface Kept {
  readonly eventId: string;
  readonly recordedMs: number;
  readonly text: string;
}

/**
 * Events as they were shown last, by their place in the log: what stands there never changes, and the newest are shown on
 * every first page. Texts are kept for rows that somebody was shown as his, and are asked for with a row of the same kind:
 * they lead to nobody else's event. A database that was put back behind another log has other events at the same places,
 * so that a text is used for the event alone that it was made of.
 *
 * Two generations: what is used goes into the younger; when that is full, the older one is forgotten.
 */
export class EventTexts {
  private young = new Map<string, Kept>();
  private old = new Map<string, Kept>();
  private youngBytes = 0;

  of(row: JournalListRow, make: () => string): string {
    const place = `${row.topic}/${row.partition}/${row.offset}`;
    const young = this.young.get(place);
    if (isOf(young, row)) return young.text;
    const old = this.old.get(place);
    const kept = isOf(old, row) ? old : keptOf(row, make());
    this.keep(place, kept);
    return kept.text;
  }

  private keep(place: string, kept: Kept): void {
    this.youngBytes += kept.text.length;
    if (this.youngBytes > textBytesMax) {
      this.old = this.young;
      this.young = new Map();
      this.youngBytes = kept.text.length;
    }
    this.young.set(place, kept);
  }
}

function keptOf({ event_id: eventId, recorded_time: recorded }: JournalListRow, text: string): Kept {
  return { eventId, recordedMs: recorded.getTime(), text };
}

function isOf(kept: Kept | undefined, row: JournalListRow): kept is Kept {
  return kept !== undefined && kept.eventId === row.event_id && kept.recordedMs === row.recorded_time.getTime();
}
