import type { JsonValue } from '@chorda/kernel';
import type { WorkflowVersion, WorkflowVersionSummary } from '@chorda/read-models';

export function shownSummary(summary: WorkflowVersionSummary) {
  return {
    name: summary.name,
    version: summary.version,
    hash: summary.hash,
    title: summary.title,
    author_version: summary.authorVersion,
    source_format: summary.sourceFormat,
    created_at: summary.createdAt.toISOString(),
    created_by: summary.createdBy,
    archived_at: summary.archivedAt?.toISOString() ?? null,
  };
}

export function shownVersion(version: WorkflowVersion) {
  const form: JsonValue = JSON.parse(version.form);
  return { ...shownSummary(version), form, source: version.source };
}
