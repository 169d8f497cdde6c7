import { BackboneError, InvalidInputError } from '@chorda/kernel';
import { describe, expect, it } from 'vitest';
import { CommandFailure, explain } from './failure.js';

class Answered extends Error {
  readonly code = 'SOME_CODE';
  readonly issues = [];
  constructor(
    readonly status: number | undefined,
    readonly retriable = false,
  ) {
    super('said no');
  }
}

class Stopped extends BackboneError {
  constructor(
    readonly code: string,
    readonly retriable: boolean,
  ) {
    super('stopped');
  }
}

describe('exit codes', () => {
  it.each([
    [new Answered(404), 3],
    [new Answered(409), 4],
    [new Answered(429), 5],
    [new Answered(503), 5],
    [new Answered(422), 1],
    [new Answered(undefined, true), 5],
    [new Stopped('VERSION_CONFLICT', true), 4],
    [new Stopped('SCHEMA_NOT_FOUND', false), 3],
    [new Stopped('INVALID_ENVIRONMENT', false), 2],
    [new Stopped('SOMETHING_ELSE', false), 1],
    [new InvalidInputError('It', [{ pointer: '/a', detail: 'is wrong' }]), 2],
    [new CommandFailure(3, 'nothing there'), 3],
    [new Error('bug'), 1],
    ['thrown text', 1],
  ])('%o ends with %i', (error, exitCode) => {
    expect(explain(error).exitCode).toBe(exitCode);
  });

  it('finds the refused connection down the chain of causes', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), {
      code: 'ECONNREFUSED',
      address: '127.0.0.1',
      port: 5432,
    });
    const error = new TypeError('fetch failed', { cause: new AggregateError([refused]) });
    expect(explain(error)).toMatchObject({ exitCode: 5, code: 'UNREACHABLE' });
    expect(explain(error).message).toContain('127.0.0.1:5432');
    expect(explain(error).next).toContain('npm start');
  });

  it('passes on what is wrong with each field', () => {
    const { issues } = explain(new InvalidInputError('It', [{ pointer: '/a', detail: 'is wrong' }]));
    expect(issues).toEqual([{ pointer: '/a', detail: 'is wrong' }]);
  });
});
