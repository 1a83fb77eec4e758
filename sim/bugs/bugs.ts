/** Small faults of the product, each a replacement of one text: the simulation has to find them all. */

export interface Bug {
  /** What goes wrong, in a few words. */
  readonly name: string;
  readonly file: string;
  /** The text as it stands in the file, once. */
  readonly from: string;
  readonly to: string;
  /** Seeds from the first on, of which one at least has to fail. */
  readonly within: number;
  /** Whether the seeds are quarters, which alone have what it takes. */
  readonly quarter?: true;
}

export const bugs: readonly Bug[] = [
  {
    name: 'due alerts',
    file: 'shared/evaluation/evaluate.ts',
    from: "severity: jobFailed ? 'warning' : 'info',",
    to: "severity: 'warning',",
    within: 10,
  },
  {
    name: 'disabled backups are information',
    file: 'shared/evaluation/evaluate.ts',
    from: "return { ...late, verdict: 'disabled', severity: 'critical' };",
    to: "return { ...late, verdict: 'disabled', severity: 'info' };",
    within: 10,
  },
  {
    name: 'the window and its grace do not count',
    file: 'shared/evaluation/deadline.ts',
    from: 'return { due, deadline: closes.getTime() > due.getTime() ? closes : due };',
    to: 'return { due, deadline: due };',
    within: 10,
  },
  {
    name: 'the deadline is an hour late',
    file: 'shared/evaluation/deadline.ts',
    from: 'const due = addHours(newest, policy.maxAgeHours);',
    to: 'const due = addHours(newest, policy.maxAgeHours + 1);',
    within: 10,
  },
  {
    name: 'a copy is as young as it was made',
    file: 'shared/evaluation/backup-time.ts',
    from: 'if (snapshot.originalCreatedAt !== undefined) return snapshot.originalCreatedAt;',
    to: '',
    within: 40,
  },
  {
    name: 'half a listing proves what it lacks',
    file: 'shared/evaluation/evaluate-database.ts',
    from: 'if (seen.unread === undefined || !needsAll) return evaluation;',
    to: 'return evaluation;',
    within: 40,
  },
  {
    name: 'fields of a later version are lost from a row',
    file: 'shared/evaluation/evaluate-database.ts',
    from: '...laterFields(databaseSchema, knownRow),',
    to: '...(knownRow?.version !== undefined && { version: knownRow.version }),',
    within: 20,
  },
  {
    name: 'an alert without newest backup',
    file: 'shared/domain/database.ts',
    from: '...(newestBackup && { newestBackup }),',
    to: '',
    within: 10,
  },
  {
    name: 'an alert without deadline',
    file: 'shared/domain/database.ts',
    from: '...(deadline && { deadline }),',
    to: '',
    within: 10,
  },
  {
    name: 'confirming forgets nothing',
    file: 'shared/evaluation/alert-lifecycle.ts',
    from: 'if (pending === undefined) return alert;',
    to: 'return alert;',
    within: 10,
  },
  {
    name: 'a reminder each hour',
    file: 'shared/evaluation/alert-lifecycle.ts',
    from: 'return addHours(last, policy.reminderHours);',
    to: 'return addHours(last, 1);',
    within: 10,
  },
  {
    name: 'a message that was not sent is not tried again',
    file: 'shared/evaluation/alert-lifecycle.ts',
    from: 'if (!alert.pending || now < retryAt(alert)) return undefined;',
    to: 'return undefined;',
    within: 20,
  },
  {
    name: 'a resolution that was not sent is forgotten',
    file: 'shared/evaluation/evaluate-database.ts',
    from: '...(alert && { alert: { tenant: alert.tenant, opened: alert.opened } }),',
    to: '...(alert && !alert.resolved && { alert: { tenant: alert.tenant, opened: alert.opened } }),',
    within: 20,
  },
  {
    name: 'an alert stays with the former tenant',
    file: 'shared/evaluation/alert-lifecycle.ts',
    from: 'if (current.tenant !== tenant) {',
    to: 'if (current.tenant === undefined) {',
    within: 40,
  },
  {
    name: 'what was not sent is confirmed',
    file: 'shared/notifications/notify.ts',
    from: 'const sent = notifications.filter((one) => !unsent.has(one));',
    to: 'const sent = notifications;',
    within: 40,
  },
  {
    name: 'each tenant gets the alerts of all',
    file: 'shared/notifications/notify.ts',
    from: 'for (const [tenant, its] of byTenant(ofKind.filter(concernsTenant))) {',
    to: 'for (const [tenant, its] of [...byTenant(ofKind).keys()].map((one) => [one, ofKind] as const)) {',
    within: 10,
  },
  {
    name: 'a row that cannot be read stops its batch',
    file: 'shared/sweep/evaluate-batch.ts',
    from: 'const lists = ledger.leavingOut((row) => unreadable.set(row.database, row));',
    to: 'const lists = ledger;',
    within: 40,
  },
  {
    name: 'what no event told is not recorded',
    file: 'shared/sweep/evaluate-batch.ts',
    from: "if ((await ledger.recordBackup(backup)) === 'duplicate') {",
    to: 'if (backup !== undefined) {',
    within: 20,
  },
  {
    name: 'stops are forgotten',
    file: 'shared/evaluation/stops.ts',
    from: 'return stopsSince(new Date(newest.getTime() - keptBeforeMs), stops).slice(-mostStops);',
    to: 'return stops.slice(mostStops);',
    within: 40,
  },
  {
    name: 'a lost race counts as written',
    file: 'shared/ledger/update.ts',
    from: "if ((await of.write(change)) === 'written') return change;",
    to: 'await of.write(change);\n    return change;',
    within: 40,
  },
  {
    name: 'rows are written whatever was written in between',
    file: 'shared/ledger/table-ledger.ts',
    from: "condition: { is: 'unchanged', ...(version !== undefined && { version }) },\n  } as const;",
    to: '} as const;',
    within: 40,
  },
  {
    name: 'backups that RDS no longer has stay open',
    file: 'shared/sweep/evaluate-batch.ts',
    from: 'await closeAll(lists, decision, options, failed);',
    to: '',
    within: 10,
  },
  {
    name: 'a dry run writes',
    file: 'shared/sweep/settle.ts',
    from: 'if (dryRun) {',
    to: 'if (dryRun && last.postponed) {',
    within: 40,
  },
  {
    name: 'no limit of tries',
    file: 'shared/copies/follow-exports.ts',
    from: 'if (heals && attempt - setupFailures < fleet.copies.maxAttempts && !backup.closed) {',
    to: 'if (heals && !backup.closed) {',
    within: 40,
  },
  {
    name: 'a failed export is taken for one that runs',
    file: 'shared/copies/follow-exports.ts',
    from: "case 'FAILED': {",
    to: "case 'FAILURE': {",
    within: 40,
  },
  {
    name: 'each backup of a period is copied',
    file: 'shared/copies/copy-policy.ts',
    from: 'if (time >= period.from && time < period.to && serves(other.copy)) return true;',
    to: 'if (time >= period.to && serves(other.copy)) return true;',
    within: 40,
  },
  {
    name: "a copy goes to another tenant's place",
    file: 'shared/ownership.ts',
    from: 'const own = entries.find((entry) => entry.tenant === tenant);',
    to: 'const [own] = entries;',
    within: 150,
  },
  {
    name: 'a lost key is a warning',
    file: 'shared/evaluation/evaluate.ts',
    from: "verdict: 'inaccessible',\n    severity: 'critical',",
    to: "verdict: 'inaccessible',\n    severity: 'warning',",
    within: 1,
    quarter: true,
  },
  {
    name: 'what turns critical by its age stays a warning',
    file: 'shared/evaluation/evaluate.ts',
    from: 'failed === undefined && now < risesAt) {',
    to: 'failed === undefined && now <= now) {',
    within: 2,
    quarter: true,
  },
  {
    name: 'nobody is warned of a pending retention of 0',
    file: 'shared/evaluation/evaluate.ts',
    from: 'const isEnding = facts.pendingRetention === 0 && !byAwsBackup;',
    to: 'const isEnding = facts.pendingRetention === 0 && byAwsBackup;',
    within: 1,
    quarter: true,
  },
  {
    name: 'a stop is the cause of whatever is warned of',
    file: 'shared/evaluation/evaluate.ts',
    from: '(hindranceBesidesStop(facts) ?? absent ?? null)',
    to: '(hindranceOf(facts) ?? absent ?? null)',
    within: 3,
    quarter: true,
  },
  {
    name: 'recovery points outside RDS do not count',
    file: 'shared/evaluation/aws-backup.ts',
    from: "state === 'COMPLETED' && isOutsideRds(id)",
    to: "state === 'COMPLETE' && isOutsideRds(id)",
    within: 1,
    quarter: true,
  },
  {
    name: 'a failed job is over where jobs cannot be read',
    file: 'shared/evaluation/aws-backup.ts',
    from: 'return known && !isFollowed(known) ? known : undefined;',
    to: 'return known && isFollowed(known) ? known : undefined;',
    within: 6,
    quarter: true,
  },
];
