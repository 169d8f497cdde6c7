/** So many of something in any span of time. */
export interface Window {
  /** As the RateLimit headers name it. */
  readonly name: string;
  readonly limit: number;
  readonly spanMs: number;
}

/** What a window gave, and how it stands then. */
export interface Taken {
  readonly granted: number;
  readonly remaining: number;
  /** Until the oldest of what was taken no longer counts; 0 where nothing was. */
  readonly resetMs: number;
}

/** Where windows are counted. */
export interface WindowStore {
  /**
   * Takes up to `wanted` from the window of `key`.
   *
   * @param isWhole All of `wanted` or nothing: a window that has anything left gives it, and owes what is beyond its
   *   limit, so that a batch that is larger than the limit is not refused for ever and the average still holds.
   */
  take(key: string, window: Window, wanted: number, isWhole: boolean): Promise<Taken>;
}

/** A span is counted in this many slots; the one that is only partly past counts as a whole, so no span has too many. */
export const slotsPerSpan = 12;

export function slotMsOf({ spanMs }: Window): number {
  return Math.ceil(spanMs / slotsPerSpan);
}
