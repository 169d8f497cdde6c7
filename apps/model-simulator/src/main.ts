import { runAsProcess } from '@chorda/platform';
import { helpText } from './help.js';
import { startSimulatorApp } from './start-simulator-app.js';

const [first] = process.argv.slice(2);
if (first === '--help' || first === '-h') process.stdout.write(helpText());
else if (first === undefined) await runAsProcess('model-simulator', startSimulatorApp);
else {
  process.stderr.write(`${first} is not known: settings come from the environment, --help lists them\n`);
  process.exitCode = 64;
}
