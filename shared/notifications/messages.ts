/** Each kind of message: its facts, as many as fit, in every channel. */
import { type Backup, isShare, isSharedOwner, type LeftOut, type MessageAudience } from '../domain/index.ts';
import type { EnvironmentNotice, TenantNotice } from '../evaluation/index.ts';
import { type AlertEntry, entryFor, worstFirst } from './compose/alert-entry.ts';
import { alertMessage } from './compose/alert-facts.ts';
import { type MessageContext, mostListed } from './compose/context.ts';
import { copyMessage } from './compose/copy-facts.ts';
import { type DailyFacts, dailyMessage, manyTenantsMessage, mostLines } from './compose/digest-facts.ts';
import { environmentMessage } from './compose/environment-facts.ts';
import { leftOutMessage } from './compose/left-out-facts.ts';
import { type PauseFacts, pauseMessage } from './compose/pause-facts.ts';
import { tenantMessage } from './compose/tenant-facts.ts';
import { fitting, type OutgoingMessage } from './message.ts';

/**
 * One message about all databases of a tenant that people are notified of; `entries` must not be empty, and are all
 * resolutions or none. Of many tenants where `audience` is `operators`.
 */
export function composeAlerts(
  entries: readonly AlertEntry[],
  audience: MessageAudience,
  context: MessageContext,
): OutgoingMessage {
  const sorted = entries.map((entry) => entryFor(audience, entry)).sort(worstFirst);
  return fitting(mostListed, (limit) => alertMessage(sorted, { ...context, audience }, limit));
}

/**
 * One message about a tenant's copies (`undefined`: of databases without a tenant, for operators alone); `failed` must not
 * be empty.
 */
export function composeCopyFailed(
  tenant: string | undefined,
  failed: readonly Backup[],
  audience: MessageAudience,
  context: MessageContext,
): OutgoingMessage {
  const sorted = [...failed].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  return fitting(mostListed, (limit) => copyMessage(tenant, sorted, { ...context, audience }, limit));
}

/**
 * The messages about some copies of one owner: a tenant has one about its own, and operators have one. Of a shared database operators
 * have one about the database, and a tenant has one about its shares alone.
 */
export function composeCopyMessages(
  tenant: string | undefined,
  failed: readonly Backup[],
  context: MessageContext,
): OutgoingMessage[] {
  const isOperators = tenant === undefined || isSharedOwner(tenant);
  const isOfShares = failed.every(({ database }) => isShare(database));
  const audiences: MessageAudience[] = isOperators ? ['operators'] : isOfShares ? ['tenant'] : ['tenant', 'operators'];
  return audiences.map((audience) => composeCopyFailed(tenant, failed, audience, context));
}

/** One message to operators about copies that wait for a fault of set-up to be put right. */
export function composeCopiesPaused(facts: PauseFacts, context: MessageContext): OutgoingMessage {
  return fitting(1, () => pauseMessage(facts, { ...context, audience: 'operators' }));
}

/** One message instead of one a tenant: every alert of this run. `entries` must not be empty. */
export function composeManyTenants(entries: readonly AlertEntry[], context: MessageContext): OutgoingMessage {
  const sorted = [...entries].sort(worstFirst);
  return fitting(mostLines, (limit) => manyTenantsMessage(sorted, { ...context, audience: 'operators' }, limit));
}

/** The digest of a day. */
export function composeDailyDigest(facts: DailyFacts, context: MessageContext): OutgoingMessage {
  const sorted = [...facts.alerts].sort(worstFirst);
  return fitting(mostLines, (limit) => dailyMessage(facts, sorted, { ...context, audience: 'operators' }, limit));
}

/** One message to operators about what a run left out; `leftOut` must not be empty. */
export function composeLeftOut(leftOut: readonly LeftOut[], context: MessageContext): OutgoingMessage {
  return fitting(mostListed, (limit) => leftOutMessage(leftOut, { ...context, audience: 'operators' }, limit));
}

/** One message to operators about accounts and Regions; `notices` must not be empty, all resolutions or none. */
export function composeEnvironments(notices: readonly EnvironmentNotice[], context: MessageContext): OutgoingMessage {
  return fitting(mostListed, (limit) => environmentMessage(notices, { ...context, audience: 'operators' }, limit));
}

/** One message to operators about tenants without a watched database; `notices` must not be empty, all resolutions or none. */
export function composeTenants(notices: readonly TenantNotice[], context: MessageContext): OutgoingMessage {
  return fitting(mostListed, (limit) => tenantMessage(notices, { ...context, audience: 'operators' }, limit));
}
