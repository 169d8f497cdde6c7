import { describe, expect, it } from 'vitest';
import { countsOf, failureLines, slowestLines, type Failure, type TestReport } from './test-report.js';

const failureOf = (about: Partial<Failure> = {}): Failure => ({
  runner: 'int',
  file: 'libs/a.int.spec.ts',
  name: 'a list > has every row',
  error: 'AssertionError: expected 1 to be 2',
  ...about,
});
const reportOf = (about: Partial<TestReport> = {}): TestReport => ({
  passed: 3,
  failed: 0,
  skipped: 0,
  failures: [],
  files: [],
  ...about,
});
const linesOf = (count: number) => Array.from({ length: count }, (_, at) => `line ${at + 1}`).join('\n');

describe('the end of a run', () => {
  it('names runner, file and test of each failure, with its error', () => {
    expect(failureLines([failureOf()])).toEqual([
      '✗ int › libs/a.int.spec.ts › a list > has every row',
      '    AssertionError: expected 1 to be 2',
    ]);
  });

  it('says nothing where nothing failed', () => {
    expect(failureLines([])).toEqual([]);
  });

  it('leaves out colours, empty lines and all but the first lines of an error', () => {
    const error = `\u001b[31mred\u001b[39m\n\n${linesOf(20)}`;
    const lines = failureLines([failureOf({ error })]);
    expect(lines[1]).toBe('    red');
    expect(lines).toHaveLength(1 + 15 + 1);
    expect(lines.at(-1)).toBe('    and 6 lines more');
  });

  it('shows twenty failures and says how many more there are', () => {
    const lines = failureLines(Array.from({ length: 27 }, (_, at) => failureOf({ name: `test ${at}` })));
    expect(lines.filter((line) => line.startsWith('✗'))).toHaveLength(20);
    expect(lines.at(-1)).toBe('and 7 more');
  });

  it('fits into what is seen of a log, however many failures with however long errors', () => {
    const error = Array.from({ length: 40 }, () => 'x'.repeat(500)).join('\n');
    const lines = failureLines(Array.from({ length: 100 }, () => failureOf({ error, name: 'n'.repeat(100) })));
    expect(Buffer.byteLength(lines.join('\n'))).toBeLessThan(16_000);
  });

  it('names the slowest files first', () => {
    const files = [3, 1, 2].map((s) => ({ file: `${s}.spec.ts`, ms: s * 1000 }));
    expect(slowestLines({ files }, 2)).toEqual(['    3.0 s  3.spec.ts', '    2.0 s  2.spec.ts']);
  });
});

describe('a run counts as failed', () => {
  it('not when every test passed', () => {
    expect(countsOf('int', 0, reportOf())).toEqual({ passed: 3, failed: 0, failures: [] });
  });

  it.each([
    ['without a report', undefined, 134],
    ['without a test', reportOf({ passed: 0 }), 0],
    ['with a bad exit code, though every test passed', reportOf(), 1],
    ['with a test left out', reportOf({ skipped: 1, failures: [failureOf({ name: '1 tests were left out' })] }), 0],
    ['with an error that no test caught', reportOf({ failures: [failureOf({ runner: 'uncaught' })] }), 1],
  ])('%s', (_name, report, exitCode) => {
    const counts = countsOf('int', exitCode, report);
    expect(counts.failed).toBe(1);
    expect(counts.failures).toHaveLength(1);
  });

  it('as often as tests failed', () => {
    const failures = [failureOf(), failureOf()];
    expect(countsOf('int', 1, reportOf({ failed: 2, failures }))).toEqual({ passed: 3, failed: 2, failures });
  });
});
