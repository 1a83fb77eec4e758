/** The words of the product as types, tables and schemas. Pure; imports nothing of the rest. */
export * from './alert.ts';
export * from './arns.ts';
export * from './backup.ts';
export * from './backup-job.ts';
export * from './causes.ts';
export * from './copy-pause.ts';
export * from './copy-states.ts';
export * from './database.ts';
export * from './day.ts';
export * from './evaluation.ts';
export * from './identity.ts';
export * from './partition.ts';
export * from './rds.ts';
export * from './schema.ts';
export * from './sweep-row.ts';
export * from './verdicts.ts';
