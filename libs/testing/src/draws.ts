/**
 * Options of `fc.assert` where real servers are asked. In CI the same is drawn each time, so that a run that comes to be
 * red was made so by a change; a soak draws anew.
 */
export const draws: { readonly seed?: number } =
  process.env['CHORDA_SOAK_FACTOR'] === undefined ? { seed: 20_261_122 } : {};
