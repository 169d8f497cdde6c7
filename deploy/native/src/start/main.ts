import { runDevelopment } from './run-development.js';

process.exitCode = await runDevelopment();
// Handles that an app forgot must not keep a stopped start alive: everything was drained and closed above.
process.exit();
