import type { Logger } from '@chorda/kernel';
import type { Registry } from 'prom-client';

/** What an app is given by whatever runs it: a process of its own, or one that it shares. */
export interface AppHost {
  readonly logger: Logger;
  /** The app's own metrics; every sample gets a `service` label. */
  readonly metrics: Registry;
  /** Whether other apps run in this process, so that figures of the process are theirs too. */
  readonly sharesProcess: boolean;
  /** Names this instance among those of its service. */
  readonly instance: string;
}

export interface RunningApp {
  readonly name: string;
  readonly url?: string;
  /** Why not ready; empty = ready. */
  notReady(): Promise<readonly string[]>;
  /** Ends intake, finishes or hands back what is in hand, closes what it opened. */
  stop(): Promise<void>;
  /** The process dies of this error right after; a last word may be sent, within a second. */
  crashed?(error: Error): Promise<void>;
}

export type StartApp = (env: NodeJS.ProcessEnv, host: AppHost) => Promise<RunningApp>;
