import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTableStatements } from '../bulk/create-table.js';
import type { Projection } from '../runner/projection.js';

const folderOf = (root: string) => join(root, 'libs', 'read-models', 'src', 'migrations');

/**
 * Writes a migration for each projection whose table no migration makes yet, and adds it to the history. The file is
 * the projection's from then on: an index, or whatever else its queries need, is added there before it is released.
 *
 * @returns The files that were written.
 */
export function generateTableMigrations(root: string, projections: readonly Projection[]): readonly string[] {
  const folder = folderOf(root);
  return projections.flatMap((projection) => {
    const files = readdirSync(folder).filter((name) => /^\d{4}-.*\.ts$/.test(name) && !name.endsWith('.spec.ts'));
    if (files.some((file) => makesTable(readFileSync(join(folder, file), 'utf8'), projection.table.name))) return [];
    const number = Math.max(0, ...files.map((file) => Number(file.slice(0, 4)))) + 1;
    const id = String(number).padStart(4, '0');
    const file = `${id}-${projection.table.name.replaceAll('_', '-')}.ts`;
    writeFileSync(join(folder, file), migrationSource(id, projection));
    const history = join(folder, 'migrate.ts');
    writeFileSync(history, withMigration(readFileSync(history, 'utf8'), file, constantOf(projection)));
    return [join(folder, file)];
  });
}

/** The text of the migration that makes the projection's table; version 1 comes with the view that readers use. */
export function migrationSource(id: string, { name, version, table, days }: Projection): string {
  const statements = createTableStatements(table, { byDay: days !== undefined, ...(version === 1 && { view: name }) });
  const literals = statements.map((statement) => `    \`${statement.replaceAll('\n', '\n     ')}\`,\n`);
  return `import type { Migration } from './migration.js';

/** The table of \`${name}\`, version ${version}. Written by \`npm run projections:generate\`; released, it never changes. */
export const ${constantOf({ table })}: Migration = {
  id: '${id}',
  name: '${table.name.replaceAll('_', '-')}',
  statements: [
${literals.join('')}  ],
};
`;
}

/**
 * The history with one more migration at its end.
 *
 * @throws TypeError when the history does not look as it should.
 */
export function withMigration(history: string, file: string, constant: string): string {
  const imports = [...history.matchAll(/^import \{ \w+ \} from '\.\/\d{4}-[^']+';\n/gm)];
  const last = imports.at(-1);
  const list = /(export const migrations: readonly Migration\[\] = \[)([^\]]*?),?(\s*\];)/.exec(history);
  if (last === undefined || list === null) throw new TypeError('migrate.ts does not list the migrations as it should');
  const listed = history.replace(list[0], `${list[1]}${list[2]}, ${constant}${list[3]}`);
  const at = last.index + last[0].length;
  return `${listed.slice(0, at)}import { ${constant} } from './${file.replace(/\.ts$/, '.js')}';\n${listed.slice(at)}`;
}

function makesTable(source: string, table: string): boolean {
  return new RegExp(`CREATE TABLE "?${table}"? `).test(source);
}

function constantOf({ table }: Pick<Projection, 'table'>): string {
  return table.name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
