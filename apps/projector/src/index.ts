export { copyRows, insertRows, unnestRows, upsertRows } from './bulk/bulk-write.js';
export { encodeBinaryCopy } from './bulk/binary-copy.js';
export { defineTable, type Columns, type ReadModelTable, type RowOf } from './bulk/table.js';
export { journalProjection, journalTable } from './journal/journal.projection.js';
export { DayPartitions } from './runner/day-partitions.js';
export { defineLatest } from './runner/define-latest.js';
export { defineProjection } from './runner/define-projection.js';
export { contextOf, type EventContext, type Projection } from './runner/projection.js';
export { projectorGroup, startProjector } from './start-projector.js';
