/** Rows of the page's tables as markup: the writer makes the first ones, the page's script all others, by these functions. */
import { verdictOf } from '../domain/verdicts.ts';
import { formatAge, formatUtc } from '../lib/time.ts';
import type { PageData, PageDatabase } from './data.ts';
import type { DayLetter, ReportDatabase, ReportTenant } from './facts.ts';
import type { Verdict } from './filter.ts';
import { type Html, html, type Part } from './html.ts';
import { counted, dayClass, dayWords, grouped, percent } from './words.ts';

/** Rows of a table that are shown at once. */
export const pageSize = 25;

/** Rows of a table that are printed: thousands would be hundreds of sheets; whoever needs others filters for them. */
export const printSize = 250;

export type Sign = 'good' | 'warn' | 'bad' | 'unknown' | 'none';

type Severity = ReportDatabase['severity'];

/** Colour and sign of a verdict. A warning is never shown as calmly as what needs nobody, nor is what nobody knows. */
export function signOf(verdict: Verdict, severity: Severity): Sign {
  const { protection } = verdictOf(verdict);
  if (protection === 'unknown') return 'unknown';
  if (severity === 'warning' || (severity === 'info' && verdict === 'due')) return 'warn';
  if (severity !== 'info' || protection === 'unprotected') return 'bad';
  return protection === 'protected' ? 'good' : 'none';
}

export function sign(name: Sign): Html {
  return html`<svg class="sign s-${name}" aria-hidden="true"><use href="#i-${name}"/></svg>`;
}

export function badge(verdict: Verdict, severity: Severity): Html {
  const name = signOf(verdict, severity);
  return html`<span class="badge b-${name}">${sign(name)}${verdict}</span>`;
}

/** `Acme production, us-east-1`; undefined where the fleet has one environment. */
export function placeText({ place }: Pick<PageDatabase, 'place'>): string | undefined {
  return place && `${place.accountName}, ${place.region}`;
}

/** `orders` and, below it, its tenant, and where it is. */
export function databaseName(database: Pick<PageDatabase, 'id' | 'tenant' | 'kind' | 'place' | 'shared'>): Html {
  const place = placeText(database);
  const { shared } = database;
  return html`<span class="db">${database.id}</span> <span class="of">${database.tenant}${database.kind === 'cluster' && ' · cluster'}${shared !== undefined && ` · ${shared}`}${place !== undefined && ` · ${place}`}</span>`;
}

/** One row of the calendar: a cell a day. `position` is the database's place in the data. */
export function calendarRow(data: PageData, position: number): Html {
  const database = at(data.databases, position);
  const name = signOf(database.verdict, database.severity);
  const cells = data.dates.map((date, column) => {
    const letter = (database.days[column] ?? '.') as DayLetter;
    const reason = data.gaps[`${position} ${date}`];
    return html`<td role="gridcell" tabindex="-1" class="${dayClass(letter)}" aria-label="${dayWords[letter]}${reason && `: ${reason}`}"></td>`;
  });
  return html`<tr role="row" data-at="${position}"><th role="rowheader" scope="row">${sign(name)}<span class="who">${databaseName(database)}</span><span class="sr">, ${database.verdict}</span></th>${cells}</tr>`;
}

/** What is said of one cell in full. */
export function cellText(data: PageData, position: number, column: number): Html {
  const database = at(data.databases, position);
  const date = at(data.dates, column);
  const letter = (database.days[column] ?? '.') as DayLetter;
  const reason = data.gaps[`${position} ${date}`];
  const place = placeText(database);
  return html`<b>${weekday(date)} ${date}</b> ${database.id} of ${database.tenant}${place !== undefined && ` (${place})`}: <span class="key ${dayClass(letter)}"></span> <b>${dayWords[letter]}</b>${reason && `. ${reason}`}`;
}

interface AgeColumn {
  readonly title: string;
  /** Its class, where the style sheet has one for it. */
  readonly name?: string;
  readonly cell: (database: PageDatabase, now: Date) => Part;
}

/** What the table of ages shows of a database, behind its name. */
export const ageColumns: readonly AgeColumn[] = [
  { title: 'Verdict', name: 'c-verdict', cell: ({ verdict, severity }) => badge(verdict, severity) },
  { title: 'Newest backup', name: 'c-age', cell: ageOf },
  { title: 'Deadline', name: 'c-bar', cell: deadlineOf },
  { title: 'Reason', name: 'c-reason', cell: (database) => [database.reason, alertOf(database)] },
];

/** One row of the table of ages. */
export function ageRow(data: PageData, position: number): Html {
  const database = at(data.databases, position);
  const now = new Date(data.generated);
  const cells = ageColumns.map(({ name, cell }) => html`<td role="cell" class="${name}">${cell(database, now)}</td>`);
  return html`<tr role="row"><th role="rowheader" scope="row"><span class="who">${databaseName(database)}</span></th>${cells}</tr>`;
}

function ageOf(database: PageDatabase, now: Date): Html {
  if (database.newestBackup === null) return html`<span class="none">no backup</span>`;
  const time = new Date(database.newestBackup);
  return html`<b>${formatAge(now.getTime() - time.getTime())}</b> <time class="of" datetime="${database.newestBackup}">${formatUtc(time)}</time>`;
}

/** The part of the bar's length at which the deadline stands; what lies behind it is time past the deadline. */
const deadlineAt = 70;

/** A bar of the newest backup's age, a tick where its deadline is, and the time that is left or past. */
function deadlineOf(database: PageDatabase, now: Date): Html {
  if (database.deadline === null) return html`<span class="none">no deadline</span>`;
  const deadline = new Date(database.deadline).getTime();
  const left = deadline - now.getTime();
  const words = left >= 0 ? `${formatAge(left)} left` : `${formatAge(-left)} past`;
  if (database.newestBackup === null) return html`<span>${words}</span>`;
  const begin = new Date(database.newestBackup).getTime();
  const promised = Math.max(deadline - begin, 1);
  const share = (now.getTime() - begin) / promised;
  const used = Math.max(0, Math.min(share, 1)) * deadlineAt;
  // Twice the promised time fills the bar; a longer one looks the same, the words beside it do that.
  const past = Math.max(0, Math.min(share - 1, 1)) * (100 - deadlineAt);
  return html`<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" y="3" width="100" height="4"/><rect class="used" y="2" width="${round(used)}" height="6"/>${past > 0 && html`<rect class="past" x="${deadlineAt}" y="2" width="${round(past)}" height="6"/>`}<rect class="tick" x="${deadlineAt}" width=".8" height="10"/></svg> <span class="${left < 0 && 'is-past'}">${words}</span>`;
}

function alertOf(database: PageDatabase): Html | false {
  const { alert } = database;
  if (!alert) return false;
  const notes = [
    alert.lastNotified ? `last message handed to SNS ${formatUtc(new Date(alert.lastNotified))}` : 'no message yet',
    alert.acknowledgedBy ? `acknowledged by ${alert.acknowledgedBy}` : '',
    alert.snoozedUntil ? `silent until ${formatUtc(new Date(alert.snoozedUntil))}` : '',
  ].filter(Boolean);
  return html` <span class="of">Alert since ${formatUtc(new Date(alert.opened))}, ${notes.join(', ')}.</span>`;
}

/** One row of the attainment table. */
export function tenantRow(tenant: ReportTenant): Html {
  const share = tenant.attainment ?? 0;
  return html`<tr role="row"><th role="rowheader" scope="row"><span class="db">${tenant.tenant}</span> <span class="of">${counted(tenant.databases, 'database')}</span></th><td role="cell" class="c-now">${tenant.unprotected > 0 ? html`${sign('warn')}${counted(tenant.unprotected, 'database')}` : html`<span class="none">–</span>`}</td><td role="cell" class="c-share">${tenant.attainment !== null && html`<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="${share < 100 ? 'past' : 'track'}" y="2" width="100" height="6"/><rect class="used" y="2" width="${round(share)}" height="6"/></svg>`} <b>${percent(tenant.attainment)}</b></td><td role="cell" class="num"><span class="label">in time </span>${grouped(tenant.inTime)}</td><td role="cell" class="num"><span class="label">late </span>${grouped(tenant.late)}</td><td role="cell" class="num"><span class="label">missing </span>${grouped(tenant.missing)}</td><td role="cell" class="num"><span class="label">not known </span>${grouped(tenant.unknown)}</td></tr>`;
}

/** Tenants by attainment, the lowest first; those without a promise last. */
export function tenantsByAttainment(tenants: readonly ReportTenant[]): ReportTenant[] {
  return [...tenants].sort((a, b) => (a.attainment ?? 101) - (b.attainment ?? 101) || b.unprotected - a.unprotected);
}

/** `1–50 of 2,000`. */
export function rangeText(from: number, shown: number, total: number, noun: string): string {
  if (total === 0) return `No ${noun} matches`;
  if (shown >= total) return counted(total, noun);
  return `${grouped(from + 1)}–${grouped(from + shown)} of ${counted(total, noun)}`;
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** `Mon` of a date `YYYY-MM-DD`. */
export function weekday(date: string): string {
  return weekdays[new Date(`${date}T00:00:00Z`).getUTCDay()] ?? '';
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`no entry ${index} in a list of ${list.length}`);
  return item;
}
