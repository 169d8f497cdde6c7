import { allProjections } from '../projections.js';
import { generateTableMigrations } from './table-migrations.js';

/** `npm run projections:generate`. @param root The repository. */
export function runGenerator(root: string): void {
  const projections = allProjections({ journalDays: Infinity, healthDays: Infinity, ratesDays: Infinity });
  const written = generateTableMigrations(root, projections);
  for (const file of written) console.log(`Written: ${file}. Add what its queries need, such as an index`);
  if (written.length === 0) console.log('Every projection has a migration for its table');
}
