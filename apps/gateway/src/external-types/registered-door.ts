import { isRegisteredType } from '@chorda/contracts';
import { defaultTenant, type Issue, type TenantId } from '@chorda/kernel';
import { isPlanted, JsonSchemaCheck } from '@chorda/platform';
import type { ExternalTypeRecord, ExternalTypesWatch } from '@chorda/read-models';

/** What the door asks about types that other teams registered. */
export class RegisteredDoor {
  private readonly checks = new WeakMap<ExternalTypeRecord, JsonSchemaCheck | null>();

  constructor(private readonly watch: Pick<ExternalTypesWatch, 'types'>) {}

  /** Types of others are not there; those of the default tenant are the deployment's, for everybody. */
  isOpenTo(type: string, tenant: TenantId): boolean {
    if (!isRegisteredType(type) || isPlanted('types-open-to-all')) return true;
    const known = this.find(type);
    return known !== undefined && (known.owner === tenant || known.owner === defaultTenant);
  }

  /** What the newest JSON Schema of the type finds wrong; nothing for a type that has none. Pointers into the data. */
  issuesOf(type: string, data: unknown): readonly Issue[] {
    const known = isRegisteredType(type) ? this.find(type) : undefined;
    return known === undefined ? [] : (this.checkOf(known)?.issuesOf(data) ?? []);
  }

  /** Those that a tenant may see. */
  visibleTo(tenant: TenantId): readonly ExternalTypeRecord[] {
    return this.watch.types.filter(({ type }) => this.isOpenTo(type, tenant));
  }

  private find(type: string): ExternalTypeRecord | undefined {
    return this.watch.types.find((each) => each.type === type);
  }

  /** A type that has evolved is another record. */
  private checkOf(record: ExternalTypeRecord): JsonSchemaCheck | null {
    const known = this.checks.get(record);
    if (known !== undefined) return known;
    const schema = record.versions.at(-1)?.jsonSchema;
    const check = schema === undefined ? null : new JsonSchemaCheck(schema);
    this.checks.set(record, check);
    return check;
  }
}
