/**
 * What a message says, as data. It is composed once, for those who read it; each channel renders it in its own form. Texts
 * stand on one line and are bounded; escaping is the channel's.
 */
import type { Environment, MessageAudience, Severity } from '../domain/index.ts';

/** Each kind of message with what it is about, as the documentation says it. */
export const messageKinds = {
  'backup-missing': 'opened, reminder, got worse, deleted',
  'backup-restored': 'resolved',
  'copy-failed': 'an S3 copy failed, is incomplete, lacks the data of a tenant, is stuck or waits for too long',
  'copies-paused': 'S3 copies wait for a fault of set-up to be put right',
  digest: 'many tenants at once, the day, or what tags changed',
  'tenant-unwatched': 'a tenant has no database that is watched, or that ended',
  'environment-trouble':
    'an account and Region cannot be read, or its events do not arrive, or that ended; where several are configured',
  'run-incomplete': 'a sweep or a watch left something out after a failure',
} as const;

export type MessageKind = keyof typeof messageKinds;

/** The tenant of a message about many: no tenant's filter policy matches it. */
export const manyTenants = '*';

export interface MessageFacts {
  readonly kind: MessageKind;
  readonly audience: MessageAudience;
  /** The worst inside. */
  readonly severity: Severity;
  /** Whether to be glad, to look into it, or to act. */
  readonly tone: 'good' | 'attention' | 'alarm';
  /** The tenant that all of it is about, or `manyTenants`. */
  readonly tenant: string;
  readonly at: Date;
  /** Of the databases, where all are in one environment, else of the ledger. */
  readonly account: string;
  readonly region: string;
  /** Where the ledger is, as far as these readers may know. */
  readonly ledger: Environment;
  /** All of it in one line: `CRITICAL acme: 1 database overdue (orders)`. */
  readonly summary: string;
  /** `summary` as a subject: printable ASCII, under 100 characters. */
  readonly subject: string;
  /** The first sentences, where there is room for some. */
  readonly opening: readonly string[];
  /** What a short text adds to `summary`: a sentence, or as many of these names as fit. */
  readonly brief: { readonly sentence: string } | { readonly names: readonly string[] };
  /** Numbers that stand above the list, by their label. */
  readonly overview: readonly (readonly [label: string, text: string])[];
  /** Those listed; `count` says how many there are. */
  readonly entries: readonly EntryFacts[];
  readonly count: number;
  /** The entries as a table, its head first, where they have no `block`. */
  readonly table?: readonly (readonly string[])[];
  /** Further lists. */
  readonly sections: readonly SectionFacts[];
  /** What a channel with little room says of all of it; by default where it comes from. */
  readonly remark?: string;
  readonly nextSteps: readonly NextStep[];
  /** Links that stand below everything else. */
  readonly links: readonly Link[];
  /** Where all entries stand: the stored list, or what shows them. */
  readonly fullList?: string;
  readonly listCommand?: string;
  /** Our own commands that may be run now, and where; for operators alone. */
  readonly commands?: { readonly list: readonly SuggestedCommand[]; readonly where: string };
  /** Messages of one thread stand together: an alert, its reminders and its resolution. */
  readonly thread: string;
  /** For programs, beside what each message has: `docs/messages.md`. */
  readonly data: {
    readonly entries: 'databases' | 'copies' | 'pauses' | 'tenants' | 'environments' | 'leftOut';
    readonly more: object;
  };
}

/** One database, or one copy. */
export interface EntryFacts {
  readonly line: readonly TextSpan[];
  readonly block?: { readonly title: string; readonly details: readonly Detail[] };
  /** The same for programs. */
  readonly data: object;
}

/** A piece of a line: plain, or something that stands out and may lead somewhere. */
export type TextSpan = string | { readonly strong: string; readonly url?: string };

export interface Detail {
  readonly label: string;
  readonly text: string;
  /** A link or a command, to be copied whole. */
  readonly verbatim?: boolean;
}

export interface SectionFacts {
  readonly title: string;
  readonly items: readonly string[];
  /** How many items are not named. */
  readonly more: number;
}

export interface SuggestedCommand {
  readonly label: string;
  readonly command: string;
}

/** A URL; of the runbook perhaps a path that people know. */
export interface Link {
  readonly label: string;
  readonly target: string;
}

export type NextStep = SuggestedCommand | Link | { readonly advice: string };
