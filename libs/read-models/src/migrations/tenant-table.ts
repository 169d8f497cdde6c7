/**
 * Row-level security of a tenant's table, from its first migration on. The owner is exempt, because the projector
 * writes with COPY; everybody else sees the rows of the tenant that the transaction has set, and none when none is set.
 * Partitions get no grant of their own, so they can be read through their parent alone.
 */
export function tenantTable(name: string, { readable = true } = {}): readonly string[] {
  return [
    `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`,
    `CREATE POLICY tenant ON ${name} USING (tenant_id = current_setting('chorda.tenant_id', true))`,
    ...(readable ? [`GRANT SELECT ON ${name} TO chorda_reader`] : []),
  ];
}
