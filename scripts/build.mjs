// npm run build: packages where they are missing, then every workspace.
import { bootstrap } from './bootstrap.mjs';

await bootstrap();
