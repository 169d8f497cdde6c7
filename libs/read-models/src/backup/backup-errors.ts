import { BackboneError } from '@chorda/kernel';

/** The file is cut short, was changed, or is none of ours. Nothing of it was restored. */
export class BackupNotReadableError extends BackboneError {
  readonly code = 'BACKUP_NOT_READABLE';
  readonly retriable = false;
}

/** The database already has what a restore would overwrite, or lacks what it would write to. Nothing was changed. */
export class BackupConflictError extends BackboneError {
  readonly code = 'BACKUP_CONFLICT';
  readonly retriable = false;
}
