/** The page's own script: filters, sorts, turns pages, moves about in the calendar, keeps the filter in the URL. */

import { formatAge, hourMs } from '../../lib/time.ts';
import type { PageData } from '../data.ts';
import {
  type Filter,
  formatFilter,
  isFiltering,
  noFilter,
  parseFilter,
  type Sorting,
  select,
  type Verdict,
  verdictsOf,
} from '../filter.ts';
import type { Html } from '../html.ts';
import {
  ageRow,
  calendarRow,
  cellText,
  pageSize,
  printSize,
  rangeText,
  tenantRow,
  tenantsByAttainment,
} from '../rows.ts';
import { counted, grouped } from '../words.ts';

const data = JSON.parse(byId('facts').textContent ?? '') as PageData;
const tenants = tenantsByAttainment(data.tenants);
const verdicts = verdictsOf(data.databases);

/** A table of which one page is shown; printing shows more. */
class PagedTable {
  readonly #body: HTMLElement;
  readonly #range: HTMLElement;
  readonly #previous: HTMLButtonElement;
  readonly #next: HTMLButtonElement;
  readonly #noun: string;
  readonly #row: (item: number) => Html;
  #items: readonly number[] = [];
  #from = 0;
  #printed = false;
  /** Called after rows were exchanged. */
  shown: () => void = () => {};

  constructor(id: string, noun: string, row: (item: number) => Html) {
    this.#body = one(`#${id} tbody`);
    this.#noun = noun;
    this.#row = row;
    this.#range = one(`[data-range="${id}"]`);
    this.#previous = one(`[data-previous="${id}"]`);
    this.#next = one(`[data-next="${id}"]`);
    this.#previous.addEventListener('click', () => this.#turn(-pageSize));
    this.#next.addEventListener('click', () => this.#turn(pageSize));
  }

  /** Shows the first page of other items. `drawn`: the writer has already made those rows. */
  set(items: readonly number[], drawn = false): void {
    this.#items = items;
    this.#from = 0;
    this.#draw(drawn);
  }

  print(printed: boolean): void {
    if (this.#printed === printed) return;
    this.#printed = printed;
    if (this.#items.length > pageSize) this.#draw();
  }

  #turn(step: number): void {
    this.#from = Math.max(0, Math.min(this.#from + step, this.#items.length - 1));
    this.#draw();
    // A button that is disabled under the finger loses the focus: it goes to the one that still works.
    if (this.#next.disabled && !this.#previous.disabled) this.#previous.focus();
    else if (this.#previous.disabled && !this.#next.disabled) this.#next.focus();
  }

  #draw(drawn = false): void {
    const from = this.#printed ? 0 : this.#from;
    const page = this.#items.slice(from, from + (this.#printed ? printSize : pageSize));
    if (!drawn) this.#body.innerHTML = page.map((item) => this.#row(item).markup).join('');
    this.#range.textContent = rangeText(from, page.length, this.#items.length, this.#noun);
    this.#previous.disabled = this.#from === 0;
    this.#next.disabled = this.#from + pageSize >= this.#items.length;
    const single = this.#items.length <= pageSize;
    this.#previous.hidden = single;
    this.#next.hidden = single;
    this.shown();
  }
}

const calendar = new PagedTable('calendar', 'database', (position) => calendarRow(data, position));
const ages = new PagedTable('ages', 'database', (position) => ageRow(data, position));
const attainment = new PagedTable('attainment', 'tenant', (position) => tenantRow(item(tenants, position)));

// Filter -------------------------------------------------------------------------------------------------------------

const search = byId<HTMLInputElement>('search');
const tenantChoice = byId<HTMLSelectElement>('tenant');
// A fleet in one environment has neither.
const accountChoice = document.querySelector<HTMLSelectElement>('#account');
const regionChoice = document.querySelector<HTMLSelectElement>('#region');
const sortChoice = byId<HTMLSelectElement>('sort');
const verdictBoxes = [...document.querySelectorAll<HTMLInputElement>('input[name="verdict"]')];
const status = byId('shown');
const reset = byId<HTMLButtonElement>('reset');

let filter: Filter = noFilter;

function apply(next: Filter, drawn = false): void {
  filter = next;
  const positions = select(data.databases, filter);
  calendar.set(positions, drawn);
  ages.set(positions, drawn);
  const shownTenants = isFiltering(filter)
    ? new Set(positions.map((position) => item(data.databases, position).tenant))
    : undefined;
  const tenantPositions = [...tenants.keys()].filter(
    (position) => !shownTenants || shownTenants.has(item(tenants, position).tenant),
  );
  attainment.set(tenantPositions, drawn);
  status.textContent = isFiltering(filter)
    ? `${grouped(positions.length)} of ${counted(data.databases.length, 'database')} shown`
    : `${counted(data.databases.length, 'database')}, all shown`;
  reset.disabled = !isFiltering(filter) && filter.sort === noFilter.sort;
}

/** Writes a filter into the controls. */
function show(next: Filter): void {
  if (search.value !== next.search) search.value = next.search;
  tenantChoice.value = next.tenant;
  if (accountChoice) accountChoice.value = next.account;
  if (regionChoice) regionChoice.value = next.region;
  sortChoice.value = next.sort;
  for (const box of verdictBoxes) box.checked = next.verdicts.includes(box.value as Verdict);
}

function read(): Filter {
  return {
    search: search.value,
    tenant: tenantChoice.value,
    account: accountChoice?.value ?? '',
    region: regionChoice?.value ?? '',
    sort: sortChoice.value as Sorting,
    verdicts: verdictBoxes.filter((box) => box.checked).map((box) => box.value as Verdict),
  };
}

function changed(): void {
  const next = read();
  const hash = formatFilter(next);
  // Replaced, not pushed: each letter of a search would be a step back otherwise.
  history.replaceState(null, '', hash ? `#${hash}` : location.pathname + location.search);
  apply(next);
}

byId('filter').addEventListener('input', changed);
byId('filter').addEventListener('submit', (event) => event.preventDefault());
reset.addEventListener('click', () => {
  show(noFilter);
  changed();
  search.focus();
});

/** An anchor's hash (`#calendar-title`) has no `=`: it leaves the filter alone. */
function isFilterHash(hash: string): boolean {
  return hash.length <= 1 || hash.includes('=');
}

window.addEventListener('hashchange', () => {
  if (!isFilterHash(location.hash)) return;
  const next = parseFilter(location.hash, verdicts);
  show(next);
  apply(next);
});
for (const link of document.querySelectorAll<HTMLAnchorElement>('a[href^="#verdict="]')) {
  link.addEventListener('click', () => byId('filter').scrollIntoView());
}

// Calendar -----------------------------------------------------------------------------------------------------------

const grid = byId('calendar');
const detail = byId('cell');

/** One cell of the grid is in the tab order; arrow keys move it. */
let current: HTMLElement | undefined;

function makeCurrent(cell: HTMLElement | undefined): void {
  current?.setAttribute('tabindex', '-1');
  current = cell;
  current?.setAttribute('tabindex', '0');
}

calendar.shown = () => {
  makeCurrent(grid.querySelector<HTMLElement>('tbody tr:first-child td:last-child') ?? undefined);
  detail.hidden = true;
};

function describe(cell: Element | null): void {
  const row = cell?.closest<HTMLElement>('tr[data-at]');
  if (!(cell instanceof HTMLTableCellElement) || !row) return;
  detail.innerHTML = cellText(data, Number(row.dataset.at), cell.cellIndex - 1).markup;
  detail.hidden = false;
}

function cellOf(event: Event): HTMLTableCellElement | null {
  return event.target instanceof Element ? event.target.closest<HTMLTableCellElement>('td') : null;
}

grid.addEventListener('pointerover', (event) => describe(cellOf(event)));
grid.addEventListener('focusin', (event) => {
  const cell = cellOf(event);
  if (!cell) return;
  makeCurrent(cell);
  describe(cell);
});
grid.addEventListener('keydown', (event) => {
  const cell = cellOf(event);
  const row = cell?.parentElement;
  if (!cell || !row || event.altKey || event.metaKey) return;
  const rows = [...(row.parentElement?.children ?? [])];
  const index = rows.indexOf(row);
  const last = data.dates.length;
  const inRow = (to: Element | undefined, column: number) => to?.children[Math.max(1, Math.min(column, last))];
  const aim: Record<string, () => Element | undefined> = {
    ArrowLeft: () => inRow(row, cell.cellIndex - 1),
    ArrowRight: () => inRow(row, cell.cellIndex + 1),
    ArrowUp: () => inRow(rows[index - 1], cell.cellIndex),
    ArrowDown: () => inRow(rows[index + 1], cell.cellIndex),
    Home: () => inRow(event.ctrlKey ? rows[0] : row, 1),
    End: () => inRow(event.ctrlKey ? rows.at(-1) : row, last),
    PageUp: () => inRow(rows[Math.max(0, index - 10)], cell.cellIndex),
    PageDown: () => inRow(rows[Math.min(rows.length - 1, index + 10)], cell.cellIndex),
  };
  const move = aim[event.key];
  if (!move) return;
  event.preventDefault();
  const target = move();
  if (target instanceof HTMLElement) target.focus();
});

// Printing shows what the filter lets through, up to a bound --------------------------------------------------------------

const tables = [calendar, ages, attainment];
const printing = matchMedia('print');
printing.addEventListener('change', () => {
  for (const table of tables) table.print(printing.matches);
});
window.addEventListener('beforeprint', () => {
  for (const table of tables) table.print(true);
});
window.addEventListener('afterprint', () => {
  for (const table of tables) table.print(false);
});

// Light and dark -----------------------------------------------------------------------------------------------------

const themeKey = 'rds-backup-ledger-theme';
const themeButton = byId<HTMLButtonElement>('theme');

function isDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}

function nameTheme(): void {
  themeButton.setAttribute('aria-pressed', String(isDark()));
}

/** A browser can refuse storage to a file; the choice then lasts as long as the page. */
function storage(): Storage | undefined {
  try {
    return window.localStorage;
  } catch {
    return undefined;
  }
}

const chosen = storage()?.getItem(themeKey);
if (chosen === 'dark' || chosen === 'light') document.documentElement.dataset.theme = chosen;
nameTheme();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', nameTheme);
themeButton.addEventListener('click', () => {
  const theme = isDark() ? 'light' : 'dark';
  document.documentElement.dataset.theme = theme;
  storage()?.setItem(themeKey, theme);
  nameTheme();
});

// The page's own age: a file that was kept says so ---------------------------------------------------------------------

const age = Date.now() - new Date(data.generated).getTime();
if (age > hourMs) {
  const note = byId('page-age');
  note.textContent = `This page is ${formatAge(age)} old; ages in it are as of then.`;
  note.hidden = false;
}

const first = parseFilter(isFilterHash(location.hash) ? location.hash : '', verdicts);
show(first);
apply(first, formatFilter(first) === '');

function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return one<T>(`#${id}`);
}

function one<T extends HTMLElement = HTMLElement>(selector: string): T {
  const element = document.querySelector<T>(selector);
  if (!element) throw new Error(`the page lacks ${selector}`);
  return element;
}

function item<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new RangeError(`no entry ${index} in a list of ${list.length}`);
  return found;
}
