import type { FunctionName } from '../shared/contract.ts';
import type { RdsRead } from '../shared/rds/index.ts';

/** The methods of `RdsReader` that each function's code calls; its role gets the rights to them. A test reads them off that code. */
export const rdsUses = {
  record: [
    'instanceSnapshotsNamed',
    'snapshotsOfInstances',
    'clusterSnapshotsNamed',
    'snapshotsOfClusters',
    'instancesNamed',
    'clustersNamed',
    'runChanges',
    'tenantDatabases',
    'deploymentMembers',
  ],
  sweep: [
    'instances',
    'instancesNamed',
    'clusters',
    'clustersNamed',
    'instanceSnapshots',
    'snapshotsOfInstances',
    'clusterSnapshots',
    'clusterSnapshotsNamed',
    'snapshotsOfClusters',
    'runChanges',
    'tenantDatabases',
  ],
  // A snapshot's name may be used again: what is exported is checked right before.
  copy: ['instanceSnapshotsNamed', 'clusterSnapshotsNamed'],
} as const satisfies Record<FunctionName, readonly RdsRead[]>;
