/** Steps and states of a form, those of nested flows counted. */
export const formStepsMax = 1_000;
export const formNestingMax = 8;
/** Of its JSON text: it is in the first event of each run. */
export const formBytesMax = 256 * 1024;
export const visitsMax = 10_000;
export const mapItemsMax = 100_000;
/** Items at once: all of them may begin in one turn of the engine. */
export const mapWindowMax = 200;
export const retryAttemptsMax = 100;
export const waitCountMax = 100;

/** However long somebody outside asks to be left alone. */
export const retryAfterMsMax = 3_600_000;

/** A run that is a step of another is asked for its end after so long, and then ever more rarely. */
export const subWorkflowLookMs = 10 * 60_000;

/** Of JSON text, each. Larger values are for the object store, and go by reference. */
export const inputBytesMax = 256 * 1024;
export const resultBytesMax = 256 * 1024;
/** What an expression, or a schema, reads of values that are kept by reference. */
export const referredBytesMax = 8 * 1024 * 1024;
/** Items of a map that stand in its own event; of a longer list it gets the reference. */
export const mapBytesMax = 512 * 1024;
export const contextBytesMax = 128 * 1024;
export const signalBytesMax = 64 * 1024;
/** Signals that a run keeps for waits that are yet to come. */
export const signalsKeptMax = 1_000;
/** How long a signal is kept of which nobody says. */
export const signalTtlMsDefault = 7 * 86_400_000;
export const signalTtlMsMax = 365 * 86_400_000;
/**
 * How long an emitted event is kept for runs that are yet to wait for it, where its step says nothing: one that has a key
 * is about one thing, and whoever is about the same wants it; one that has none is old news soon.
 */
export const emittedTtlMsOf = (key: string | null): number => (key === null ? 3_600_000 : 7 * 86_400_000);
export const emittedTtlMsMax = 30 * 86_400_000;
/** Ids of signals that were taken, so that the same one again is known. */
export const signalIdsKeptMax = 1_000;

export const leaseMs = 15_000;
/** Where the definition says nothing, a try of a step that others do is given up then. */
export const attemptTimeMsDefault = 10 * 60_000;
/** However long a definition allows. */
export const durationMsMax = 10 * 365 * 86_400_000;
/** How long a cancelled run waits for what is under way to stop. */
export const cancelGraceMs = 10_000;
/** Steps that one command may begin or end one after the other, without anything in between. */
export const stepsOfCommandMax = 5_000;

export const runIdPattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
