// What one runner found, and the lines that say it at the end of a run. A CI log is often seen by its last few
// kilobytes alone: they must name what failed, and where the time went.
import { stripVTControlCharacters } from 'node:util';

export interface Failure {
  readonly runner: string;
  /** Empty where no file is to blame. */
  readonly file: string;
  readonly name: string;
  readonly error: string;
}

export interface TestReport {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly Failure[];
  readonly files: readonly { readonly file: string; readonly ms: number }[];
}

const failuresMax = 20;
const errorLinesMax = 15;
const errorLinesMin = 3;
/** All errors together: few failures are told at length, many in short. */
const errorLinesInAll = 70;
const columnsMax = 160;

/** Each failure with the first lines of its error, bounded in number, lines and columns. */
export function failureLines(failures: readonly Failure[]): string[] {
  const shown = failures.slice(0, failuresMax);
  const linesMax = Math.min(errorLinesMax, Math.max(errorLinesMin, Math.floor(errorLinesInAll / shown.length)));
  const lines = shown.flatMap(({ runner, file, name, error }) => [
    clipped(`✗ ${[runner, file, name].filter((part) => part !== '').join(' › ')}`, 2 * columnsMax),
    ...errorLines(error, linesMax),
  ]);
  const more = failures.length - shown.length;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}

/** The files that took longest, on a line each. */
export function slowestLines({ files }: Pick<TestReport, 'files'>, count = 10): string[] {
  return files
    .toSorted((one, other) => other.ms - one.ms)
    .slice(0, count)
    .map(({ file, ms }) => `${(ms / 1000).toFixed(1).padStart(7)} s  ${file}`);
}

/** A run of no test, a test left out, and a run that ends badly with every test passed each count as one failure. */
export function countsOf(runner: string, exitCode: number, report: TestReport | undefined) {
  const failures = [...(report?.failures ?? []), ...faultsOfRun(runner, exitCode, report)];
  const { passed = 0, failed = 0 } = report ?? {};
  return { passed, failed: Math.max(failed, failures.length > 0 ? 1 : 0), failures };
}

function faultsOfRun(runner: string, exitCode: number, report: TestReport | undefined): Failure[] {
  const fault = (name: string): Failure[] => [{ runner, file: '', name, error: '' }];
  if (report === undefined) return fault(`ended with ${exitCode} and wrote no report`);
  if (report.passed + report.failed + report.skipped === 0) return fault(`ended with ${exitCode} and ran no test`);
  if (exitCode !== 0 && report.failures.length === 0) return fault(`ended with ${exitCode}, though no test failed`);
  return [];
}

function errorLines(error: string, linesMax: number): string[] {
  const lines = stripVTControlCharacters(error)
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
  const shown = lines.slice(0, linesMax).map((line) => clipped(`    ${line}`, columnsMax));
  return lines.length > linesMax ? [...shown, `    and ${lines.length - linesMax} lines more`] : shown;
}

function clipped(line: string, columns: number): string {
  return line.length > columns ? `${line.slice(0, columns - 1)}…` : line;
}
