declare const brand: unique symbol;

/** A `Value` that only its own constructor function makes, so that two ids of different kinds never mix. */
export type Brand<Value, Name extends string> = Value & { readonly [brand]: Name };
