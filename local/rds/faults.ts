/** An answer of RDS that is an error. `code` is the wire code, which for some errors differs from the SDK's name. */
export class RdsFault extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, status: number, message: string) {
    super(message);
    this.name = 'RdsFault';
    this.code = code;
    this.status = status;
  }
}

export const throttling = new RdsFault('ThrottlingException', 400, 'Rate exceeded');
export const internalFailure = new RdsFault('InternalFailure', 500, 'An internal error occurred.');

export const accessDenied = (action: string) =>
  new RdsFault('AccessDenied', 403, `User is not authorized to perform: rds:${action}`);

export const invalidParameterValue = (message: string) => new RdsFault('InvalidParameterValue', 400, message);
export const invalidParameterCombination = (message: string) =>
  new RdsFault('InvalidParameterCombination', 400, message);
export const missingParameter = (name: string) =>
  new RdsFault('MissingParameter', 400, `The request must contain the parameter ${name}`);

export const instanceNotFound = (id: string) => new RdsFault('DBInstanceNotFound', 404, `DBInstance ${id} not found.`);
export const clusterNotFound = (id: string) =>
  new RdsFault('DBClusterNotFoundFault', 404, `DBCluster ${id} not found.`);
export const snapshotNotFound = (id: string) => new RdsFault('DBSnapshotNotFound', 404, `DBSnapshot ${id} not found.`);
export const clusterSnapshotNotFound = (id: string) =>
  new RdsFault('DBClusterSnapshotNotFoundFault', 404, `DBClusterSnapshot ${id} not found.`);

export const exportTaskAlreadyExists = (message: string) => new RdsFault('ExportTaskAlreadyExists', 400, message);
export const exportTaskNotFound = (id: string) =>
  new RdsFault('ExportTaskNotFound', 404, `The export task ${id} doesn't exist.`);
export const invalidExportTaskState = (id: string, status: string) =>
  new RdsFault('InvalidExportTaskStateFault', 400, `You can't cancel the export task ${id} that has ${status}.`);
export const kmsKeyNotAccessible = (keyId: string) =>
  new RdsFault(
    'KMSKeyNotAccessibleFault',
    400,
    `The KMS key ${keyId} doesn't exist, isn't enabled or can't be accessed.`,
  );
export const crossAccountPassRole = () => new RdsFault('AccessDenied', 403, 'Cross-account pass role is not allowed.');
export const invalidExportOnly = (message: string) => new RdsFault('InvalidExportOnly', 400, message);
export const invalidExportSourceState = (message: string) => new RdsFault('InvalidExportSourceState', 400, message);

/** The API model does not list this one, so the SDK has no class for it: it is known by its name only. */
export const exportTaskLimitReached = (limit: number) =>
  new RdsFault(
    'ExportTaskLimitReachedFault',
    400,
    `You have reached the maximum number of concurrent export tasks (${limit}).`,
  );
