export { type CarriedConfig, carriedFile, formatCarried, parseCarried } from './carried.ts';
export {
  enrol,
  enrolledWithoutTags,
  excludeTag,
  type KnownOwner,
  maxAgeTag,
  mayBeRestoreTests,
  problemText,
  type RestoreTests,
  type TagReading,
} from './enrol.ts';
export { fileSchema } from './file-schema.ts';
export {
  type ConfiguredDatabase,
  type CopyPolicy,
  type CopySchedule,
  copiesAnything,
  type Fleet,
  type FleetEnvironment,
  fleetEnvironment,
  fleetIn,
  type Policy,
  type SharedTenant,
  shareOf,
  type Tenant,
  tenantsDatabases,
} from './fleet.ts';
export { configFromEnv } from './from-env.ts';
export { ConfigError, configHash, parseConfig } from './load.ts';
export { ownBucketNames, type Where } from './names.ts';
export { restoreTestsSince } from './restore-tests.ts';
export { isPrefix, namesSnapshot, sharesKeyWith, stagingKey } from './staging-keys.ts';
export { regionsWithoutExports, sharedWithoutTenant, tenantsWithoutDatabase } from './warnings.ts';
