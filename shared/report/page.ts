/**
 * The report: one HTML file that asks nobody for anything. What can be said without a script stands in it as markup; the
 * script filters, sorts and turns pages.
 */

import { createHash } from 'node:crypto';
import { sum } from 'es-toolkit/math';
import { listVerdicts, type Protection, verdictOf } from '../domain/verdicts.ts';
import { oneLine } from '../lib/safe-text.ts';
import { formatAge, formatUtc, hourMs } from '../lib/time.ts';
import type { RunFacts } from '../read-model/index.ts';
import { type ChartFacts, chart } from './charts.ts';
import { accountNamesOf, nameLine, type PageData, type PageDatabase, pageData } from './data.ts';
import type { DayLetter, ReportFacts } from './facts.ts';
import { sortings, type Verdict, verdictsOf } from './filter.ts';
import { Html, html, jsonForScript } from './html.ts';
import { pageScript } from './page-script.ts';
import {
  ageColumns,
  ageRow,
  badge,
  calendarRow,
  databaseName,
  pageSize,
  placeText,
  rangeText,
  type Sign,
  sign,
  signOf,
  tenantRow,
  tenantsByAttainment,
  weekday,
} from './rows.ts';
import { pageStyle } from './style.ts';
import { counted, dayClass, dayMeanings, dayWords, grouped, percent } from './words.ts';

/** Databases that the first screen names; the others are behind a link. */
const mostNamed = 10;

/** The whole page. It depends on nothing but the facts: the same facts make the same file. */
export function reportPage(facts: ReportFacts): string {
  const data = pageData(facts);
  // Only this very script runs: were markup to slip into the page, what it holds would not.
  const hash = createHash('sha256').update(pageScript).digest('base64');
  const policy = `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${title(facts)}</title>
<link rel="icon" href="data:,">
<style>${new Html(pageStyle)}</style>
</head>
<body>
${icons}
<a class="skip" href="#main">Skip to the answer</a>
<div class="page">
<header class="top"><span><strong>RDS backup ledger</strong> <span class="nowrap">${facts.account} · ${facts.region}</span></span><span class="grow"></span><span>As of <time datetime="${facts.generated}">${formatUtc(new Date(facts.generated))}</time></span><button type="button" id="theme" aria-pressed="false">Dark</button></header>
<main id="main" tabindex="-1">
${answer(facts, data)}
${filterForm(facts, data)}
${calendar(facts, data)}
${ageSection(facts, data)}
${sharedDatabases(facts)}
${copies(facts)}
${attainment(data)}
${unwatchedTenants(facts)}
${unconfigured(facts)}
</main>
<footer><p>Read from the ledger ${facts.ledger} (account ${facts.account}, ${facts.region}) at ${formatUtc(new Date(facts.generated))}. All times are UTC. An S3 export is no backup: it cannot be restored.</p></footer>
</div>
<script type="application/json" id="facts">${new Html(jsonForScript(data))}</script>
<script>${new Html(pageScript)}</script>
</body>
</html>
`;
  return page.markup;
}

function title(facts: ReportFacts): string {
  return `${headline(facts).text.replace(/\.$/, '')} – RDS backups, ${facts.generated.slice(0, 10)}`;
}

// The answer ----------------------------------------------------------------------------------------------------------

interface Headline {
  readonly tone: 'good' | 'bad' | 'unknown';
  readonly text: string;
}

/** The answer in one sentence. It says "protected" only of what a recent, complete sweep has found so. */
function headline(facts: ReportFacts): Headline {
  const total = facts.databases.length;
  if (total === 0) return { tone: 'unknown', text: 'No database is watched yet.' };
  const without = facts.unwatchedTenants.filter(({ severity }) => severity === 'critical').length;
  const by = (protection: Protection) =>
    facts.databases.filter((database) => protectionOf(database) === protection).length;
  const [unprotected, unknown, fine] = [by('unprotected'), by('unknown'), by('protected')];
  const are = (number: number) => (number === 1 ? 'is' : 'are');
  if (unprotected > 0) {
    const which = unprotected === total ? allOf(total) : `${grouped(unprotected)} of ${counted(total, 'database')}`;
    return { tone: 'bad', text: `${which} ${are(unprotected)} not protected.` };
  }
  if (unknown > 0)
    return {
      tone: 'unknown',
      text: `It is not known whether ${counted(unknown, 'database')} ${are(unknown)} protected.`,
    };
  if (without > 0) {
    return {
      tone: 'bad',
      text: `${counted(without, 'tenant')} ${without === 1 ? 'has' : 'have'} no watched database.`,
    };
  }
  if (fine === 0) return { tone: 'unknown', text: 'No database has a promise that could be kept or broken yet.' };
  if (facts.doubts.length > 0) return { tone: 'unknown', text: 'It is not known whether everything is protected.' };
  return { tone: 'good', text: `${allOf(fine)} ${are(fine)} protected.` };
}

function protectionOf({ verdict }: Pick<PageDatabase, 'verdict'>): Protection {
  return verdictOf(verdict).protection;
}

function allOf(number: number): string {
  return number === 1 ? 'The one database' : `All ${counted(number, 'database')}`;
}

function answer(facts: ReportFacts, data: PageData): Html {
  const now = new Date(facts.generated);
  const { tone, text } = headline(facts);
  const named = data.databases.filter((database) => ['bad', 'unknown', 'warn'].includes(signOfAttention(database)));
  return html`<section class="panel answer tone-${tone}" aria-labelledby="answer-title">
<h1 id="answer-title">${sign(tone)}<span>${text}</span></h1>
${lead(data, now)}
${facts.doubts.length > 0 && html`<div class="stale">${facts.doubts.map((doubt) => html`<p>${oneLine(doubt, 600)}</p>`)}</div>`}
<p class="stale" id="page-age" role="status" hidden></p>
<div class="runs">${run('Last sweep', facts.sweep, now)}${run('Last watch', facts.watch, now)}${facts.sweep && html`<span><b>${grouped(facts.sweep.eventsMissed)}</b> ${facts.sweep.eventsMissed === 1 ? 'event' : 'events'} missed</span>`}</div>
${verdictCounts(facts)}
${named.length > 0 && worstTable(named, now)}
</section>`;
}

/** As `signOf`, except that a database which is merely due needs nobody. */
function signOfAttention(database: PageDatabase): Sign {
  return database.verdict === 'due' ? 'good' : signOf(database.verdict, database.severity);
}

/** Who has been unprotected for longest, and what the headline left out. */
function lead(data: PageData, now: Date): Html | false {
  const since = (database: PageDatabase) => database.unprotectedSince ?? '';
  const longest = data.databases
    .filter((database) => protectionOf(database) === 'unprotected' && database.unprotectedSince !== null)
    .reduce<PageDatabase | undefined>((a, b) => (a && since(a) <= since(b) ? a : b), undefined);
  const unknown = data.databases.filter((database) => protectionOf(database) === 'unknown').length;
  const without = data.databases.filter((database) => protectionOf(database) === 'no promise').length;
  const unprotected = data.databases.some((database) => protectionOf(database) === 'unprotected');
  const others = [
    unprotected && unknown > 0 ? `${counted(unknown, 'more database')} could not be evaluated.` : '',
    without > 0
      ? `${counted(without, 'other')} ${without === 1 ? 'has' : 'have'} no promise now (${listVerdicts('no promise')}).`
      : '',
  ].filter(Boolean);
  if (!longest && others.length === 0) return false;
  return html`<p class="lead">${longest && html`Longest: <b>${longest.id}</b> of ${longest.tenant}${longest.place && ` (${placeText(longest)})`}, for ${formatAge(now.getTime() - new Date(since(longest)).getTime())}. `}${others.join(' ')}</p>`;
}

function run(name: string, facts: RunFacts | null, now: Date): Html {
  if (!facts) return html`<span>${name}: <b>none yet</b></span>`;
  const started = new Date(facts.started);
  const trouble = [
    facts.complete ? '' : 'not complete',
    facts.errors.length > 0 ? counted(facts.errors.length, 'error') : '',
  ].filter(Boolean);
  return html`<span>${name} <b><time datetime="${facts.started}">${formatUtc(started)}</time></b>, ${formatAge(now.getTime() - started.getTime())} ago${trouble.length > 0 && `, ${trouble.join(', ')}`}</span>`;
}

function verdictCounts(facts: ReportFacts): Html {
  const present = presentVerdicts(facts);
  return html`<ul class="counts" aria-label="Databases by verdict">${present.map(([verdict, number]) => html`<li><a href="#verdict=${verdict}" title="${verdictOf(verdict).meaning}">${sign(usualSign(verdict))}<b>${grouped(number)}</b> ${verdict}</a></li>`)}</ul>`;
}

/** Verdicts that occur, worst first, with the number of databases. */
function presentVerdicts(facts: ReportFacts): [Verdict, number][] {
  return verdictsOf(facts.databases).map((name) => [
    name,
    facts.databases.filter(({ verdict }) => verdict === name).length,
  ]);
}

function usualSign(verdict: Verdict): Sign {
  return signOf(verdict, verdictOf(verdict).protection === 'unprotected' ? 'critical' : 'info');
}

function worstTable(named: readonly PageDatabase[], now: Date): Html {
  const rows = named
    .slice(0, mostNamed)
    .map(
      (database) =>
        html`<tr role="row"><th role="rowheader" scope="row"><span class="who">${databaseName(database)}</span></th><td role="cell">${badge(database.verdict, database.severity)}</td><td role="cell" class="c-since">${sinceOf(database, now)}</td><td role="cell" class="c-reason">${database.reason}</td></tr>`,
    );
  const verdicts = verdictsOf(named);
  return html`<table class="worst" role="table"><caption>${named.length > mostNamed ? `The worst ${mostNamed} of ${grouped(named.length)} that need attention` : 'Needs attention, worst first'}</caption><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Database</th><th role="columnheader" scope="col">Verdict</th><th role="columnheader" scope="col">Since</th><th role="columnheader" scope="col">Reason</th></tr></thead><tbody role="rowgroup">${rows}</tbody></table>${named.length > mostNamed && html`<p class="more"><a href="#verdict=${verdicts.join(',')}">Show all ${grouped(named.length)} below</a></p>`}`;
}

function sinceOf(database: PageDatabase, now: Date): Html {
  const since = database.unprotectedSince ?? database.alert?.opened;
  if (!since) return html`<span class="none">–</span>`;
  const time = new Date(since);
  return html`<b>${formatAge(now.getTime() - time.getTime())}</b> <time class="of" datetime="${since}">${formatUtc(time)}</time>`;
}

// Databases by days ---------------------------------------------------------------------------------------------------

const letters: readonly DayLetter[] = ['t', 'l', 'm', 'n', 'u', '.'];

function calendar(facts: ReportFacts, data: PageData): Html {
  const first = data.databases.slice(0, pageSize);
  const legend = letters.map(
    (letter) =>
      html`<li><span class="key ${dayClass(letter)}"></span><span><b>${dayWords[letter]}</b>: ${dayMeanings[letter]}</span></li>`,
  );
  return html`<section class="panel" aria-labelledby="calendar-title">
<header><h2 id="calendar-title">Backup calendar</h2>${pager('calendar', 'Backup calendar', rangeText(0, first.length, data.databases.length, 'database'))}<p>A cell says how a day (UTC) went. <span class="keys">Arrow keys move from cell to cell.</span>${facts.gapsLeftOut > 0 && ` The ${counted(facts.gapsLeftOut, 'oldest gap')} of this time are shown without their reasons.`}</p></header>
${gapsChart(data)}
<ul class="legend days" aria-label="What the cells mean">${legend}</ul>
<table id="calendar" role="grid" aria-labelledby="calendar-title" aria-readonly="true" style="--days:${data.dates.length}">
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Database</th>${data.dates.map(dayHead)}</tr></thead>
<tbody role="rowgroup">${first.map((_, position) => calendarRow(data, position))}</tbody>
</table>
<p class="cell" id="cell" hidden></p>
<noscript><p>Without a script the page shows the first ${pageSize} databases, and filters nothing.</p></noscript>
</section>`;
}

/** Mondays carry their date; all others only say theirs to a screen reader. */
function dayHead(date: string, column: number, dates: readonly string[]): Html {
  const shown = weekday(date) === 'Mon' && column < dates.length - 3;
  return html`<th role="columnheader" scope="col">${shown && html`<span aria-hidden="true">${shortDate(date)}</span>`}<span class="sr">${weekday(date)} ${date}</span></th>`;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `9 Nov`. */
function shortDate(date: string): string {
  return `${Number(date.slice(8))} ${months[Number(date.slice(5, 7)) - 1] ?? ''}`;
}

/** Days on which promises were broken, over the whole fleet, where the calendar does not fit on one page. */
function gapsChart(data: PageData): Html | false {
  const byDay = (letter: DayLetter) =>
    data.dates.map((_, column) => data.databases.filter((database) => database.days[column] === letter).length);
  const [late, missing, unknown] = [byDay('l'), byDay('m'), byDay('u')];
  const total = sum([...late, ...missing, ...unknown]);
  if (total === 0 || data.databases.length <= pageSize) return false;
  return chart({
    title: 'Databases not in time, by day',
    full: true,
    summary: `Over all databases: ${counted(sum(missing), 'day')} missing, ${grouped(sum(late))} late, ${grouped(sum(unknown))} not known.`,
    columns: data.dates.map(shortDate),
    rowNames: data.dates,
    columnsAre: 'Day',
    series: [
      { name: 'missing', color: 'var(--m)', values: missing },
      { name: 'late', color: 'var(--l)', values: late },
      { name: 'not known', color: 'var(--unknown)', values: unknown },
    ],
  });
}

function filterForm(facts: ReportFacts, data: PageData): Html {
  const tenants = data.tenants.map((tenant) => html`<option value="${tenant.tenant}">${tenant.tenant}</option>`);
  const chips = presentVerdicts(facts).map(
    ([verdict, number]) =>
      html`<label class="chip"><input type="checkbox" name="verdict" value="${verdict}"><span>${sign(usualSign(verdict))}${verdict} <small>${grouped(number)}</small></span></label>`,
  );
  return html`<form class="filter" id="filter" role="search" aria-label="Filter databases" autocomplete="off">
<label class="field wide">Search<input type="search" id="search" placeholder="${facts.environments.length > 1 ? 'Name, tenant, account, Region, reason' : 'Name, tenant, reason'}" autocomplete="off"></label>
<label class="field">Tenant<select id="tenant" autocomplete="off"><option value="">All tenants</option>${tenants}</select></label>${placeFields(facts)}
<label class="field">Order<select id="sort" autocomplete="off">${Object.entries(sortings).map(([value, name]) => html`<option value="${value}">${name}</option>`)}</select></label>
<p class="shown" id="shown" role="status">${counted(data.databases.length, 'database')}, all shown</p>
<button type="button" id="reset" disabled>Reset</button>
<fieldset><legend class="sr">Verdict</legend>${chips}</fieldset>
</form>`;
}

/** Filters by account and by Region, where the fleet has several environments. */
function placeFields(facts: ReportFacts): Html | false {
  if (facts.environments.length < 2) return false;
  const names = accountNamesOf(facts);
  const accounts = [...new Set(facts.environments.map(({ account }) => account))];
  const accountOptions = accounts.map((account) => {
    const name = names.get(account) ?? account;
    return html`<option value="${account}">${name === account ? account : `${name} (${account})`}</option>`;
  });
  const regions = [...new Set(facts.environments.map(({ region }) => region))].sort();
  return html`
<label class="field">Account<select id="account" autocomplete="off"><option value="">All accounts</option>${accountOptions}</select></label>
<label class="field">Region<select id="region" autocomplete="off"><option value="">All Regions</option>${regions.map((region) => html`<option value="${region}">${region}</option>`)}</select></label>`;
}

function pager(id: string, name: string, range: string): Html {
  return html`<div class="pager" role="group" aria-label="Pages of: ${name}"><span data-range="${id}">${range}</span><button type="button" data-previous="${id}" hidden>Previous</button><button type="button" data-next="${id}" hidden>Next</button></div>`;
}

// Age against deadline ------------------------------------------------------------------------------------------------

/** Bounds of the chart's columns, in hours to the deadline. */
const leftBins = [
  { from: Number.NEGATIVE_INFINITY, name: 'past\n> 7 d', long: 'past by more than 7 days' },
  { from: -168, name: 'past\n3–7 d', long: 'past by 3 to 7 days' },
  { from: -72, name: 'past\n1–3 d', long: 'past by 1 to 3 days' },
  { from: -24, name: 'past\n< 1 d', long: 'past by less than a day' },
  { from: 0, name: 'left\n0–4 h', long: 'less than 4 hours left' },
  { from: 4, name: 'left\n4–8 h', long: '4 to 8 hours left' },
  { from: 8, name: 'left\n8–16 h', long: '8 to 16 hours left' },
  { from: 16, name: 'left\n16–24 h', long: '16 to 24 hours left' },
  { from: 24, name: 'left\n> 24 h', long: 'more than 24 hours left' },
] as const;

/** The table's bars in one picture, where the table does not fit on one page. */
function ageChart(facts: ReportFacts): ChartFacts {
  const now = new Date(facts.generated).getTime();
  const values = leftBins.map(() => 0);
  let without = 0;
  for (const { deadline, newestBackup } of facts.databases) {
    if (deadline === null || newestBackup === null) {
      without += 1;
      continue;
    }
    const left = (new Date(deadline).getTime() - now) / hourMs;
    const bin = leftBins.findLastIndex(({ from }) => left >= from);
    values[bin] = (values[bin] ?? 0) + 1;
  }
  const past = sum(values.slice(0, 4));
  return {
    title: 'Time to the deadline',
    full: true,
    labelled: true,
    summary: `Over all databases: ${grouped(sum(values) - past)} before the deadline, ${grouped(past)} past it${without > 0 ? `, ${grouped(without)} without a backup or a deadline` : ''}.`,
    columns: leftBins.map(({ name }) => name),
    rowNames: leftBins.map(({ long }) => long),
    columnsAre: 'To the deadline',
    series: [
      {
        name: 'databases',
        color: leftBins.map(({ from }) => (from < 0 ? 'var(--m)' : 'var(--bar)')),
        values,
      },
    ],
  };
}

function ageSection(facts: ReportFacts, data: PageData): Html {
  const first = data.databases.slice(0, pageSize);
  return html`<section class="panel" aria-labelledby="ages-title">
<header><h2 id="ages-title">Age of the newest backup</h2>${pager('ages', 'Age of the newest backup', rangeText(0, first.length, data.databases.length, 'database'))}<p>The tick in a bar is the deadline: what lies behind it is time without the promised backup.</p></header>
${facts.databases.length > pageSize && chart(ageChart(facts))}
<table class="sheet" id="ages" role="table" aria-labelledby="ages-title"><thead role="rowgroup"><tr role="row">${['Database', ...ageColumns.map((column) => column.title)].map((name) => html`<th role="columnheader" scope="col">${name}</th>`)}</tr></thead><tbody role="rowgroup">${first.map((_, position) => ageRow(data, position))}</tbody></table>
</section>`;
}

// Shared databases ----------------------------------------------------------------------------------------------------

/** The databases that hold several tenants, each once; what each tenant has of them stands among all databases. */
function sharedDatabases(facts: ReportFacts): Html | false {
  if (facts.sharedDatabases.length === 0) return false;
  const now = new Date(facts.generated);
  const hasSeveral = facts.environments.length > 1;
  const names = accountNamesOf(facts);
  const rows = facts.sharedDatabases.map((database) => {
    const { id, kind, account, region, verdict, severity, newestBackup, reason, tenants } = database;
    const where = hasSeveral ? `${names.get(account) ?? account}, ${region}` : undefined;
    const what = [...(kind === 'cluster' ? ['cluster'] : []), ...(where === undefined ? [] : [where])].join(' · ');
    const unprotected = tenants.filter((tenant) => protectionOf(tenant) === 'unprotected').length;
    const time = newestBackup === null ? undefined : new Date(newestBackup);
    return html`<tr role="row"><th role="rowheader" scope="row"><span class="who"><span class="db">${nameLine(id)}</span> <span class="of">${what}</span></span></th><td role="cell" class="c-verdict">${badge(verdict, severity)}</td><td role="cell" class="c-age">${time ? html`<b>${formatAge(now.getTime() - time.getTime())}</b> <time class="of" datetime="${time.toISOString()}">${formatUtc(time)}</time>` : html`<span class="none">no backup</span>`}</td><td role="cell" class="c-tenants">${counted(tenants.length, 'tenant')}${unprotected > 0 && `, ${grouped(unprotected)} not protected`}${tenants.length > 0 && html`<details><summary>Names</summary><ul class="names">${tenants.map((tenant) => html`<li>${sign(signOf(tenant.verdict, tenant.severity))}${nameLine(tenant.tenant)}</li>`)}</ul></details>`}</td><td role="cell" class="c-reason">${oneLine(reason, 600)}</td></tr>`;
  });
  return html`<section class="panel" aria-labelledby="shared-title">
<header><h2 id="shared-title">Shared databases</h2><p>Each holds several tenants, and is backed up as a whole. It counts once for each of them, by the tenant’s own part. All of them stand here, whatever is filtered above.</p></header>
<table class="sheet" id="shared" role="table" aria-labelledby="shared-title"><thead role="rowgroup"><tr role="row">${['Database', 'Verdict', 'Newest backup', 'Tenants', 'Reason'].map((name) => html`<th role="columnheader" scope="col">${name}</th>`)}</tr></thead><tbody role="rowgroup">${rows}</tbody></table>
</section>`;
}

// Copies --------------------------------------------------------------------------------------------------------------

function copies(facts: ReportFacts): Html {
  const { queued, running, oldestQueuedAt } = facts.copiesNow;
  const now = new Date(facts.generated).getTime();
  const of = (pick: (day: ReportFacts['copies'][number]) => number) => facts.copies.map(pick);
  const complete = of((day) => day.complete);
  const bad = of((day) => day.failed + day.incomplete);
  const waiting = of((day) => day.mostWaiting);
  const hours = of((day) => day.longestWaitHours ?? 0);
  const bytes = sum(of((day) => day.bytes));
  const days = {
    columns: facts.copies.map((day) => shortDate(day.date)),
    rowNames: facts.copies.map((day) => day.date),
    columnsAre: 'Day',
  };
  const any = sum(complete) + sum(bad) + sum(waiting) + sum(of((day) => day.queued)) > 0;
  return html`<section class="panel" aria-labelledby="copies-title">
<header><h2 id="copies-title">Copies to S3</h2><p>The whole fleet, whatever is filtered above.</p></header>
<dl class="facts"><div><dt>Waiting now</dt><dd>${grouped(queued)}</dd></div><div><dt>Running now</dt><dd>${grouped(running)}</dd></div>${oldestQueuedAt && html`<div><dt>Longest wait now</dt><dd>${formatAge(now - new Date(oldestQueuedAt).getTime())}</dd></div>`}<div><dt>Completed in ${counted(facts.dates.length, 'day')}</dt><dd>${grouped(sum(complete))}</dd></div><div><dt>Data of these</dt><dd>${size(bytes)}</dd></div></dl>
${
  any
    ? html`<div class="charts">${chart({
        title: 'Copies ended, by day',
        summary: `${grouped(sum(complete))} complete, ${grouped(sum(bad))} failed or incomplete.`,
        ...days,
        series: [
          { name: 'complete', color: 'var(--bar)', values: complete },
          { name: 'failed or incomplete', color: 'var(--m)', values: bad },
        ],
      })}${chart({
        title: 'Longest queue, by day',
        summary: `At most ${counted(Math.max(0, ...waiting), 'copy', 'copies')} waited at one moment; the longest wait was ${round(Math.max(0, ...hours))} h.`,
        ...days,
        series: [{ name: 'waiting at one moment', color: 'var(--good)', values: waiting, line: true }],
      })}</div>`
    : html`<p class="muted">No copy was wanted in these days.</p>`
}
</section>`;
}

/** `1.4 TiB`. */
function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  const power = bytes > 0 ? Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10)) : 0;
  return `${round(bytes / 1024 ** power)} ${units[power]}`;
}

// Attainment ----------------------------------------------------------------------------------------------------------

function attainment(data: PageData): Html {
  const tenants = tenantsByAttainment(data.tenants);
  const first = tenants.slice(0, pageSize);
  const kept = tenants.filter((tenant) => tenant.attainment === 100).length;
  const promised = tenants.filter((tenant) => tenant.attainment !== null).length;
  const lowest = tenants[0];
  return html`<section class="panel" aria-labelledby="attainment-title">
<header><h2 id="attainment-title">Attainment by tenant</h2>${pager('attainment', 'Attainment by tenant', rangeText(0, first.length, tenants.length, 'tenant'))}<p>Days with a backup in the promised time, of the days on which one was promised, since ${data.dates[0] ?? '–'}; a day that is not known counts as not in time. ${promised > 0 && `${grouped(kept)} of ${counted(promised, 'tenant')} ${kept === 1 ? 'has' : 'have'} 100 %; the lowest is ${percent(lowest?.attainment ?? null)}.`}</p></header>
<table class="sheet" id="attainment" role="table" aria-labelledby="attainment-title"><thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Tenant</th><th role="columnheader" scope="col">Not protected now</th><th role="columnheader" scope="col">Attainment</th><th role="columnheader" scope="col" class="num">Days in time</th><th role="columnheader" scope="col" class="num">Late</th><th role="columnheader" scope="col" class="num">Missing</th><th role="columnheader" scope="col" class="num">Not known</th></tr></thead><tbody role="rowgroup">${first.map(tenantRow)}</tbody></table>
</section>`;
}

function unwatchedTenants({ unwatchedTenants: tenants, generated }: ReportFacts): Html | false {
  if (tenants.length === 0) return false;
  const age = (since: string) => formatAge(new Date(generated).getTime() - new Date(since).getTime());
  const rows = tenants.map(
    ({ tenant, severity, since, reason }) =>
      html`<li>${sign(severity === 'critical' ? 'bad' : 'warn')} <b>${nameLine(tenant)}</b> (${oneLine(severity, 40)}, for ${age(since)}): ${oneLine(reason, 600)}</li>`,
  );
  return html`<section class="panel" aria-labelledby="unwatched-title"><header><h2 id="unwatched-title">Tenants without a watched database</h2><p>No alert of a database can tell of these.</p></header><ul>${rows}</ul></section>`;
}

function unconfigured(facts: ReportFacts): Html | false {
  if (facts.unconfigured.length === 0) return false;
  return html`<section class="panel" aria-labelledby="unconfigured-title"><header><h2 id="unconfigured-title">Nobody’s databases</h2><p>RDS has ${counted(facts.unconfigured.length, 'database')} that the configuration does not know: nobody is notified when a backup of theirs is missing.</p></header><details${facts.unconfigured.length <= 20 && new Html(' open')}><summary>Names</summary><ul class="names">${facts.unconfigured.map((name) => html`<li>${nameLine(name)}</li>`)}</ul></details></section>`;
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}

const icons = new Html(`<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>
<symbol id="i-good" viewBox="0 0 20 20"><circle cx="10" cy="10" r="8"/><path d="m6.5 10.3 2.4 2.4 4.6-5"/></symbol>
<symbol id="i-warn" viewBox="0 0 20 20"><path d="M10 2.5 18.2 17H1.8zM10 8v4"/><path d="M10 14.4v.1"/></symbol>
<symbol id="i-bad" viewBox="0 0 20 20"><path d="M6.7 2h6.6L18 6.7v6.6L13.3 18H6.7L2 13.3V6.7zM7 7l6 6m0-6-6 6"/></symbol>
<symbol id="i-unknown" viewBox="0 0 20 20"><circle cx="10" cy="10" r="8" stroke-dasharray="3.4 3"/><path d="M7.9 8a2.1 2.1 0 1 1 3 1.9c-.6.3-.9.7-.9 1.4M10 14v.1"/></symbol>
<symbol id="i-none" viewBox="0 0 20 20"><circle cx="10" cy="10" r="8"/><path d="M6.5 10h7"/></symbol>
</defs></svg>`);
