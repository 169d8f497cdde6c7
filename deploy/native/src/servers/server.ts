/** One server of the embedded stack. Its address and data stay the same over `restart`. */
export interface Server {
  readonly name: 'kafka' | 'registry' | 'postgres' | 'redis';
  readonly pid: number | undefined;
  readonly isRunning: boolean;
  start(): Promise<void>;
  /** Takes over a server that a killed supervisor left running. @returns false when there was none that answers. */
  adopt(): Promise<boolean>;
  /** In order: what was written is on disk. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGSTOP. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** `stop`, or nothing where it was killed, then `start`. */
  restart(): Promise<void>;
  /** SIGKILL without waiting. */
  abandon(): void;
}

/** What every server of the stack is given. */
export interface ServerPlace {
  /** Its data lies in a folder of its name under here, its log and pid file beside. */
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  /** JVMs write their classes down at their first end, which takes seconds, and start faster from then on. */
  readonly keepClasses?: boolean;
}
