/**
 * How many times as long the specs run that break things: 1 in `npm test`, more in `npm run soak -- projector`, which
 * sets `CHORDA_SOAK_FACTOR`.
 */
export const soakFactor = Math.max(1, Number(process.env['CHORDA_SOAK_FACTOR'] ?? 1));
