import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { freshDatabase, type FreshDatabase } from '@chorda/testing';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { GatheringSocket } from './gathering-socket.js';
import { createPool } from './pool.js';

describe('a pool whose statements do not wait for each other', () => {
  let database: FreshDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await freshDatabase(inject('stack'));
    pool = createPool(database.url, { connectionsMax: 1, isPipelined: true });
    await pool.query('CREATE TABLE numbers (number int PRIMARY KEY)');
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it('answers each statement with its own rows, in their order', async () => {
    const tx = await pool.connect();
    const sent = [
      tx.query('BEGIN'),
      tx.query({ name: 'add', text: 'INSERT INTO numbers VALUES ($1) RETURNING number', values: [1] }),
      tx.query({ name: 'add', text: 'INSERT INTO numbers VALUES ($1) RETURNING number', values: [2] }),
      tx.query('SELECT count(*)::int AS number FROM numbers'),
      tx.query('COMMIT'),
    ];
    const answers = await Promise.all(sent);
    tx.release();
    expect(answers.map(({ rows }) => rows)).toEqual([[], [{ number: 1 }], [{ number: 2 }], [{ number: 2 }], []]);
  });

  it('fails all that was sent behind a statement that fails, keeps nothing of it, and goes on', async () => {
    const tx = await pool.connect();
    const sent = ['BEGIN', 'INSERT INTO numbers VALUES (3)', 'SELECT 1/0', 'INSERT INTO numbers VALUES (4)', 'COMMIT'];
    const results = await Promise.allSettled(sent.map((text) => tx.query(text)));
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
      // Which the server then takes as a ROLLBACK.
      'fulfilled',
    ]);
    tx.release();
    const { rows } = await pool.query('SELECT number FROM numbers ORDER BY number');
    expect(rows).toEqual([{ number: 1 }, { number: 2 }]);
  });
});

it('a gathering socket sends what one turn says in one piece, and keeps its order', async () => {
  const pieces: string[] = [];
  const server = createServer((socket) => socket.on('data', (bytes) => pieces.push(bytes.toString())));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = new GatheringSocket();
  const { port } = server.address() as AddressInfo;
  socket.connect(port, '127.0.0.1');
  await once(socket, 'connect');
  for (const statement of ['one ', 'two ', 'three']) {
    socket.cork();
    socket.write(statement);
    socket.uncork();
    await Promise.resolve();
  }
  await expect.poll(() => pieces).toEqual(['one two three']);
  socket.destroy();
  server.close();
});
