// Starts servers for specs and keeps them until SIGTERM or Ctrl-C, so that a developer's runs do not start their own:
//   node scripts/test-stack.mjs [FILE]    then    CHORDA_TEST_STACK_FILE=FILE npx vitest run --project int
import { rmSync, writeFileSync } from 'node:fs';
import { startStack } from '@chorda/testing';

const file = process.argv[2] ?? '/tmp/chorda-test-stack.json';
const stack = await startStack();
const { kafkaBrokers, registryUrl, databaseUrl, redisUrl, home } = stack;
writeFileSync(
  file,
  JSON.stringify({ kafkaBrokers, registryUrl, databaseUrl, redisUrl, home, pid: process.pid }, null, 2),
);
console.log(`export CHORDA_TEST_STACK_FILE=${file}`);

const alive = setInterval(() => undefined, 1 << 30);
async function stop() {
  clearInterval(alive);
  rmSync(file, { force: true });
  await stack.stop();
  process.exit(0);
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void stop());
