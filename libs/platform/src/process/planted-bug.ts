/** Bugs that a test plants to see that its checker would catch them. Each takes one promise away. */
export const plantableBugs = [
  /** The projector commits its checkpoint in a transaction of its own, before the rows. */
  'checkpoint-before-rows',
  /** Decisions are applied whatever the version of their stream is. */
  'no-version-check',
  /** An event that was sent twice is applied twice. */
  'no-identity-check',
  /** An owner writes although another has claimed the partition since. */
  'no-epoch',
  /** A batch moves a checkpoint from wherever it stands. */
  'no-offset-check',
] as const;

export type PlantableBug = (typeof plantableBugs)[number];

const variable = 'CHORDA_PLANT';
/** Read once: hot paths ask, and the environment costs a call into the runtime each time. */
const planted = readPlanted(process.env);

/**
 * Whether this bug is planted: `CHORDA_PLANT` names it and `NODE_ENV` is `test`. Where only the first is so, importing
 * this file throws, so that no process starts with a bug that it was not meant to have.
 */
export function isPlanted(bug: PlantableBug): boolean {
  return planted === bug;
}

function readPlanted(env: NodeJS.ProcessEnv): string | undefined {
  const name = env[variable];
  if (!name) return undefined;
  if (env['NODE_ENV'] !== 'test') throw new Error(`${variable} plants a bug: it may be set in tests alone`);
  if (!plantableBugs.some((bug) => bug === name)) {
    throw new Error(`${variable}=${name} is no bug that can be planted; there are ${plantableBugs.join(', ')}`);
  }
  return name;
}
