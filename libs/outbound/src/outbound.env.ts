import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { secretSchema } from './secrets.js';

const list = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** Hosts that may be asked, `*.example.com` for all names below one; left out: any. */
export const hostList = z
  .string()
  .transform((text) => list(text).map((host) => host.toLowerCase()))
  .default([]);

export const networkList = z
  .string()
  .transform(list)
  .refine((cidrs) => cidrs.every((cidr) => ipaddr.isValidCIDR(cidr)), {
    error: 'must be networks like 10.1.0.0/16 or fd00::/8, separated by commas',
  })
  .default([]);

export const portList = z
  .string()
  .transform((text, context) => {
    if (text.trim() === '*') return [];
    const ports = list(text).map(Number);
    if (ports.length > 0 && ports.every((port) => Number.isInteger(port) && port > 0 && port < 65_536)) return ports;
    context.addIssue({ code: 'custom', message: 'must be ports separated by commas, or * for all' });
    return z.NEVER;
  })
  .default([80, 443, 8080, 8443]);

/** JSON of secrets by name. No fault of it shows a value. */
export const secretMap = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'must be JSON' });
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string().regex(/^[A-Za-z0-9_.-]{1,100}$/), secretSchema))
  .default({});
