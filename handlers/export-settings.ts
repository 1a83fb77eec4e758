import * as z from 'zod';
import { exportKeyAlias, type SettingName, spokeRoleName } from '../shared/contract.ts';
import { type Environment, keyAliasArn, roleArn, sameEnvironment } from '../shared/domain/index.ts';

const schema = z.object({
  EXPORT_ROLE_ARN: z.string().startsWith('arn:'),
  EXPORT_KEY_ARN: z.string().startsWith('arn:'),
} satisfies Record<SettingName<'copy'>, z.ZodType>);

/** What exports are made with. */
export interface ExportSettings {
  readonly exportRoleArn: string;
  readonly exportKeyArn: string;
}

/** Reads the part of the environment that only `copy` has; throws an `Error` that names what is missing or malformed. */
export function readExportSettings(environment: Readonly<Record<string, string | undefined>>): ExportSettings {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) throw new Error(`the function's environment is incomplete: ${z.prettifyError(parsed.error)}`);
  return { exportRoleArn: parsed.data.EXPORT_ROLE_ARN, exportKeyArn: parsed.data.EXPORT_KEY_ARN };
}

/** What exports are made with in an environment: in the hub's with the stack's own role and key, elsewhere with those of the spoke. */
export function exportSettingsIn(environment: Environment, hub: Environment, own: ExportSettings): ExportSettings {
  if (sameEnvironment(environment, hub)) return own;
  return {
    exportRoleArn: roleArn(environment, spokeRoleName('export', environment.region)),
    exportKeyArn: keyAliasArn(environment, exportKeyAlias),
  };
}
