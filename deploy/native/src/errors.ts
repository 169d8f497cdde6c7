import { BackboneError } from '@chorda/kernel';

/** Something on this machine keeps the stack from running; the message says what it is and what to do about it. */
export abstract class MachineError extends BackboneError {
  readonly retriable = false;
}

export class PortTakenError extends MachineError {
  readonly code = 'PORT_TAKEN';
  constructor(
    readonly port: number,
    what: string,
    setting: string,
    owner: string | undefined,
  ) {
    const by = owner === undefined ? '' : ` by ${owner}`;
    super(`Port ${port}, wanted for ${what}, is taken${by}: end that program, or choose another port with ${setting}`);
  }
}

export class JavaMissingError extends MachineError {
  readonly code = 'JAVA_MISSING';
  constructor(versionMin: number, seen: readonly string[], cause?: unknown) {
    const found = seen.length === 0 ? 'none was found' : `found only ${seen.join(', ')}`;
    super(
      `Java ${versionMin} or newer is needed (${found}): install a JRE, for example the package openjdk-21-jre-headless, or point JAVA_HOME at one`,
      { cause },
    );
  }
}

export class MavenMissingError extends MachineError {
  readonly code = 'MAVEN_MISSING';
  constructor() {
    super(
      'Maven (mvn) was not found on PATH, and it fetches Kafka, the registry and Redis: install it, for example the package maven, or give servers of your own with KAFKA_BROKERS, SCHEMA_REGISTRY_URL and REDIS_URL',
    );
  }
}

export class DownloadFailedError extends MachineError {
  readonly code = 'DOWNLOAD_FAILED';
  constructor(what: string, reason: string) {
    super(
      `${what} could not be fetched: ${reason}. Check the network and the mirror in Maven's settings (~/.m2/settings.xml), then start again; what was fetched is kept`,
    );
  }
}

export class ChecksumMismatchError extends MachineError {
  readonly code = 'CHECKSUM_MISMATCH';
  constructor(file: string, expected: string, actual: string) {
    super(
      `${file} is not the file this version was tested with (SHA-256 ${actual}, expected ${expected}): delete it from ~/.m2/repository and start again; if it comes back, your mirror serves another file`,
    );
  }
}

export class DiskFullError extends MachineError {
  readonly code = 'DISK_FULL';
  constructor(folder: string, freeBytes: number, wantedBytes: number, setting: string) {
    const mebibytes = (bytes: number) => `${Math.floor(bytes / 1024 / 1024)} MiB`;
    super(
      `The disk of ${folder} has ${mebibytes(freeBytes)} free and ${mebibytes(wantedBytes)} are needed: free some space, or choose another folder with ${setting}`,
    );
  }
}

export class ServerFailedError extends MachineError {
  readonly code = 'SERVER_FAILED';
  constructor(what: string, reason: string, logFile: string, logTail: string) {
    super(`${what} ${reason}. Its log is ${logFile}${logTail === '' ? '' : `, and ends:\n${logTail}`}`);
  }
}

export class UnusableFolderError extends MachineError {
  readonly code = 'UNUSABLE_FOLDER';
}

export class AlreadyRunningError extends MachineError {
  readonly code = 'ALREADY_RUNNING';
  constructor(folder: string, pid: number) {
    super(
      `Chorda runs already from ${folder} (process ${pid}): use that one, stop it with Ctrl-C or kill ${pid}, or start a second one with CHORDA_HOME and other ports`,
    );
  }
}
