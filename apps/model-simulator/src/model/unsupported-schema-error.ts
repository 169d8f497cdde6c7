/** A schema, pattern or grammar that the simulator cannot follow; refused, because a wrong answer would look right. */
export class UnsupportedSchemaError extends Error {}
