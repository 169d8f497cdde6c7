import { randomBytes } from 'node:crypto';

const poolBytes = 4096;
let pool = '';
let at = 0;

/** 16 hexadecimal digits; drawn in pools, because a call into the system for each costs more than the request. */
export function hexId(): string {
  if (at + 16 > pool.length) {
    pool = randomBytes(poolBytes).toString('hex');
    at = 0;
  }
  at += 16;
  return pool.slice(at - 16, at);
}
