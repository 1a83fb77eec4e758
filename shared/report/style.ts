/** The page's style sheet. Signs and lightness carry what colours say: the palette's steps differ in grey as well. */

const colours = `
:root {
  color-scheme: light dark;
  --bg: light-dark(#f4f6f8, #11161c);
  --panel: light-dark(#ffffff, #192028);
  --ink: light-dark(#1b2733, #e5eaef);
  --muted: light-dark(#55626f, #a3b0bd);
  --line: light-dark(#dde3e9, #2c3742);
  --accent: light-dark(#0b5a9d, #82bdf4);
  --good: light-dark(#1f6a99, #6db8e8);
  --warn: light-dark(#8a5300, #f0b04a);
  --bad: light-dark(#9b1c31, #ff8791);
  --unknown: light-dark(#5a4692, #b9a6f2);
  --none: light-dark(#5b6774, #9aa7b3);
  --t: light-dark(#bcdcf0, #234d6a);
  --t-ink: light-dark(#2d6288, #a9d3ee);
  --l: light-dark(#f2ae35, #d79a2e);
  --l-ink: light-dark(#382400, #1f1300);
  --m: light-dark(#9b1c31, #ff8791);
  --m-ink: light-dark(#ffffff, #2b0007);
  --n: light-dark(#e9edf1, #262f39);
  --n-ink: light-dark(#5b6774, #9aa7b3);
  --u: light-dark(#ded6f3, #41376a);
  --u-ink: light-dark(#45337c, #d9cffa);
  --bar: light-dark(#5c9fc9, #4a8dba);
  --bar-track: light-dark(#e4e9ee, #2c3742);
}
:root[data-theme='light'] { color-scheme: light; }
:root[data-theme='dark'] { color-scheme: dark; }
`;

const frame = `
* { box-sizing: border-box; }
html { scroll-padding-top: 140px; }
body {
  margin: 0; background: var(--bg); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
.page { max-width: 1240px; margin: 0 auto; padding: 0 24px 48px; }
h1, h2, h3, p, figure { margin: 0; }
h2 { font-size: 19px; line-height: 1.3; letter-spacing: -.01em; }
h3 { font-size: 15px; line-height: 1.4; }
a { color: var(--accent); text-underline-offset: 2px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: 12px; top: -60px; background: var(--panel); padding: 8px 14px; border-radius: 6px; z-index: 9; }
.skip:focus { top: 8px; }
[hidden] { display: none !important; }
.muted, .of, .none { color: var(--muted); }
.of { font-size: 13px; }
.sign { width: 16px; height: 16px; flex: none; vertical-align: -3px; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.s-good { color: var(--good); } .s-warn { color: var(--warn); } .s-bad { color: var(--bad); }
.s-unknown { color: var(--unknown); } .s-none { color: var(--none); }
.top { display: flex; gap: 4px 20px; align-items: center; flex-wrap: wrap; padding: 18px 0 16px; font-size: 14px; color: var(--muted); }
.top strong { color: var(--ink); font-size: 15px; margin-right: 4px; }
.top .grow { flex: 1; }
button, select, input[type='search'] {
  font: inherit; color: inherit; background: var(--panel); border: 1px solid light-dark(#7b8794, #6c7987);
  border-radius: 7px; padding: 6px 11px; min-height: 36px;
}
button { cursor: pointer; }
button:disabled { color: var(--muted); border-color: var(--line); cursor: default; }
button:not(:disabled):hover { border-color: var(--accent); }
.panel { background: var(--panel); border: 1px solid var(--line); border-radius: 12px; padding: 22px 24px; margin-bottom: 18px; }
.panel > header { display: grid; grid-template-columns: 1fr auto; gap: 4px 18px; align-items: center; margin-bottom: 16px; }
.panel > header p { color: var(--muted); font-size: 14px; grid-column: 1 / -1; max-width: 90ch; }
`;

const answer = `
.answer { border-left: 6px solid var(--tone); }
.tone-good { --tone: var(--good); } .tone-bad { --tone: var(--bad); } .tone-unknown { --tone: var(--unknown); }
.answer h1 { font-size: clamp(22px, 3.4vw, 31px); line-height: 1.2; letter-spacing: -.02em; text-wrap: balance; display: flex; gap: 12px; align-items: flex-start; }
.answer h1 .sign { width: 1.1em; height: 1.1em; margin-top: .06em; color: var(--tone); stroke-width: 1.8; }
.answer .lead { margin-top: 6px; font-size: 16px; max-width: 80ch; }
.runs { display: flex; flex-wrap: wrap; gap: 2px 26px; margin-top: 14px; font-size: 14px; color: var(--muted); }
.runs b { color: var(--ink); font-weight: 600; }
.stale { margin-top: 14px; padding: 10px 14px; border-radius: 8px; background: var(--u); color: var(--u-ink); }
.counts { list-style: none; display: flex; flex-wrap: wrap; gap: 8px; padding: 0; margin: 18px 0 0; }
.counts a { display: flex; align-items: center; gap: 7px; padding: 5px 12px 5px 10px; border: 1px solid var(--line); border-radius: 999px; text-decoration: none; color: var(--ink); font-size: 14px; }
.counts a:hover { border-color: var(--accent); }
.counts b { font-weight: 650; }
.worst { width: 100%; border-collapse: collapse; margin-top: 20px; }
.worst caption, .sheet caption { text-align: left; }
.worst caption { font-weight: 650; padding-bottom: 6px; }
.worst th, .worst td { text-align: left; vertical-align: top; padding: 10px 16px 10px 0; border-top: 1px solid var(--line); font-weight: 400; }
.worst thead th { color: var(--muted); font-size: 13px; padding-block: 5px; border: 0; }
.worst tbody th { min-width: 150px; }
.worst .c-since { white-space: nowrap; }
.worst .c-since b { display: block; }
.worst .c-reason { max-width: 62ch; font-size: 14px; }
.db { font-weight: 620; overflow-wrap: anywhere; }
.who { display: flex; flex-direction: column; line-height: 1.3; min-width: 0; overflow-wrap: anywhere; }
.badge { display: inline-flex; align-items: center; gap: 6px; white-space: nowrap; font-weight: 600; }
.b-good { color: var(--good); } .b-warn { color: var(--warn); } .b-bad { color: var(--bad); }
.b-unknown { color: var(--unknown); } .b-none { color: var(--none); }
.more { margin-top: 12px; }
`;

const controls = `
.filter { display: flex; flex-wrap: wrap; gap: 10px 14px; align-items: end; background: var(--bg); padding: 12px 0; margin-bottom: 14px; border-bottom: 1px solid var(--line); }
@media screen and (min-width: 721px) and (min-height: 720px) { .filter { position: sticky; top: 0; z-index: 4; } }
.field { display: flex; flex-direction: column; gap: 3px; font-size: 13px; color: var(--muted); }
.field select, .field input { color: var(--ink); font-size: 15px; max-width: 230px; }
.filter fieldset { border: 0; padding: 0; margin: 0; display: flex; flex-wrap: wrap; gap: 6px; flex-basis: 100%; }
.chip { position: relative; display: inline-flex; }
.chip input { position: absolute; opacity: 0; inset: 0; width: 100%; height: 100%; margin: 0; cursor: pointer; }
.chip span { border: 1px solid light-dark(#7b8794, #6c7987); border-radius: 999px; padding: 3px 11px; min-height: 32px; font-size: 14px; display: inline-flex; align-items: center; gap: 6px; background: var(--panel); }
.chip input:checked + span { background: var(--accent); border-color: var(--accent); color: light-dark(#fff, #0d1620); }
.chip input:checked + span .sign { color: inherit; }
.chip input:focus-visible + span { outline: 2px solid var(--accent); outline-offset: 2px; }
.chip small { font-size: 13px; opacity: .85; }
.shown { flex: 1; align-self: center; padding-top: 20px; text-align: right; font-size: 14px; color: var(--muted); min-width: 180px; }
.pager { display: flex; gap: 8px; align-items: center; font-size: 14px; color: var(--muted); }
.pager button { padding: 3px 11px; min-height: 32px; }
`;

const calendar = `
#calendar { display: block; --name: 220px; font-size: 14px; }
#calendar thead, #calendar tbody { display: block; }
#calendar tr { display: grid; grid-template-columns: var(--name) repeat(var(--days), minmax(0, 1fr)); gap: 2px; align-items: center; }
#calendar tbody tr { border-top: 1px solid var(--line); padding: 3px 0; }
#calendar tbody tr:hover { background: light-dark(#f7f9fb, #1e2630); }
#calendar th { font-weight: 400; text-align: left; padding: 0; min-width: 0; }
#calendar thead th { font-size: 12px; color: var(--muted); white-space: nowrap; overflow: visible; line-height: 1.2; padding-bottom: 4px; }
#calendar thead th span[aria-hidden] { display: block; width: 0; }
#calendar tbody th { display: flex; gap: 8px; align-items: center; padding-right: 10px; }
#calendar .db, #calendar .of { display: block; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
#calendar .of { font-size: 12px; }
#calendar td { height: 24px; padding: 0; border-radius: 3px; scroll-margin-bottom: 60px; }
.key { display: inline-block; width: 20px; height: 18px; border-radius: 3px; vertical-align: -3px; flex: none; }
#calendar td, .key { display: grid; place-items: center; font-size: 13px; line-height: 1; font-weight: 700; overflow: hidden; }
.key { display: inline-grid; }
.d-t { background: var(--t); color: var(--t-ink); } .d-t::before { content: '·'; content: '·' / ''; }
.d-l { background: var(--l); color: var(--l-ink); } .d-l::before { content: ''; content: '' / ''; border: solid transparent; border-width: 0 4px 7px; border-bottom-color: currentColor; }
.d-m { background: var(--m); color: var(--m-ink); } .d-m::before { content: '×'; content: '×' / ''; font-size: 16px; }
.d-n { background: var(--n); color: var(--n-ink); } .d-n::before { content: '–'; content: '–' / ''; }
.d-u { background: var(--u); color: var(--u-ink); } .d-u::before { content: '?'; content: '?' / ''; }
.d-x { box-shadow: inset 0 0 0 1px var(--line); }
#calendar td:focus { outline: 3px solid var(--ink); outline-offset: 0; z-index: 1; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 6px 18px; margin: 0; padding: 0; font-size: 14px; color: var(--muted); }
.legend li { display: flex; align-items: center; gap: 7px; }
.legend b { color: var(--ink); font-weight: 600; }
.days { margin-bottom: 16px; }
.cell { position: sticky; bottom: 0; background: var(--panel); border-top: 1px solid var(--line); padding: 9px 0; font-size: 14px; min-height: 40px; margin-top: 8px; overflow-wrap: anywhere; }
`;

const sheets = `
.sheet { width: 100%; border-collapse: collapse; font-size: 14px; }
.sheet th, .sheet td { text-align: left; vertical-align: top; padding: 9px 14px 9px 0; border-top: 1px solid var(--line); font-weight: 400; }
.sheet thead th { color: var(--muted); font-size: 13px; padding-block: 4px; border: 0; }
.sheet .of { font-size: 13px; }
.sheet tbody th { width: 20%; min-width: 150px; }
:is(#ages, #shared) .c-age { white-space: nowrap; } :is(#ages, #shared) .c-age b { display: block; font-weight: 600; }
:is(#ages, #shared) .c-bar { min-width: 140px; white-space: nowrap; } :is(#ages, #shared) .c-bar span { display: block; font-size: 13px; color: var(--muted); }
:is(#ages, #shared) .c-bar .is-past { color: var(--bad); font-weight: 600; }
#shared .names { columns: auto; padding: 0; list-style: none; } #shared .names .sign { margin-right: 5px; }
:is(#ages, #shared) .c-reason { width: 40%; overflow-wrap: anywhere; }
.bar { display: block; width: 100%; height: 13px; max-width: 220px; margin-top: 4px; border-radius: 2px; }
.track { fill: var(--bar-track); } .used { fill: var(--bar); } .past { fill: var(--m); } .tick { fill: var(--ink); }
#attainment .num, #attainment thead .num { text-align: right; }
#attainment .c-share { min-width: 190px; } #attainment .c-share .bar { display: inline-block; width: 110px; vertical-align: -2px; margin: 0 8px 0 0; }
#attainment .c-now .sign { margin-right: 5px; }
.label { display: none; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 26px 34px; }
.chart figcaption p { font-size: 14px; color: var(--muted); margin: 2px 0 6px; }
.chart { min-width: 0; }
.chart.full { margin-bottom: 20px; }
.draw svg { display: block; width: 100%; height: auto; }
.draw.narrow { display: none; }
.full .draw.wide { display: none; }
.swatch { width: 13px; height: 13px; border-radius: 3px; background: var(--swatch); }
.swatch.line { height: 4px; }
details { font-size: 14px; margin-top: 6px; }
summary { cursor: pointer; color: var(--accent); width: fit-content; }
.numbers { max-height: 260px; overflow: auto; margin-top: 6px; }
.numbers table { border-collapse: collapse; font-size: 13px; }
.numbers th, .numbers td { text-align: right; padding: 3px 16px 3px 0; font-weight: 400; }
.numbers th:first-child { text-align: left; } .numbers thead th { color: var(--muted); }
.facts { display: flex; flex-wrap: wrap; gap: 10px 34px; margin: 0 0 18px; }
.facts dt { font-size: 13px; color: var(--muted); } .facts dd { margin: 0; font-size: 20px; font-weight: 620; }
.names { columns: 220px; padding-left: 18px; margin: 8px 0 0; overflow-wrap: anywhere; }
footer { color: var(--muted); font-size: 13px; overflow-wrap: anywhere; }
`;

const narrow = `
@media screen and (max-width: 1000px) {
  #calendar { --name: 150px; }
  .full .draw.wide { display: block; } .draw.broad { display: none; }
}
@media screen and (max-width: 720px) {
  .panel > header { grid-template-columns: 1fr; }
  .shown { text-align: left; padding: 0; }
  .page { padding: 0 12px 32px; }
  .panel { padding: 16px 14px; border-radius: 10px; }
  .filter { position: static; }
  html { scroll-padding-top: 8px; }
  .field, .field select, .field input { max-width: none; width: 100%; }
  .field { flex: 1 1 130px; } .field.wide { flex-basis: 100%; }
  #calendar tr { grid-template-columns: repeat(var(--days), minmax(0, 1fr)); gap: 1px; }
  #calendar tbody tr { padding: 6px 0 9px; }
  #calendar tr > th:first-child { grid-column: 1 / -1; padding-bottom: 3px; }
  #calendar thead tr > th:first-child { display: none; }
  #calendar tbody th .who { flex-direction: row; gap: 8px; align-items: baseline; }
  #calendar td { height: 20px; border-radius: 2px; font-size: 11px; } .d-m::before { font-size: 11px; }
  .d-l::before { border-width: 0 3px 6px; }
  .worst, .worst tbody, .sheet, .sheet tbody { display: block; }
  .worst thead, .sheet thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .worst caption, .sheet caption { display: block; }
  .worst tbody tr, .sheet tbody tr { display: grid; grid-template-columns: 1fr auto; gap: 4px 12px; border-top: 1px solid var(--line); padding: 11px 0; }
  .worst th, .worst td, .sheet th, .sheet td, :is(#ages, #shared) .c-reason, .sheet tbody th { border: 0; padding: 0; width: auto; min-width: 0; }
  .worst .c-since, .worst .c-reason, :is(#ages, #shared) .c-reason { grid-column: 1 / -1; }
  .worst .c-since b { display: inline; }
  .worst td:nth-child(2), :is(#ages, #shared) .c-verdict { text-align: right; }
  :is(#ages, #shared) .c-bar { text-align: right; } :is(#ages, #shared) .c-bar .bar { width: 120px; margin-left: auto; }
  #attainment tbody tr { grid-template-columns: 1fr 1fr; }
  #attainment .c-now { text-align: right; }
  #attainment .c-share { grid-column: 1 / -1; }
  #attainment .num { text-align: left; } .label { display: inline; color: var(--muted); }
  .draw.wide, .full .draw.wide { display: none; } .draw.narrow { display: block; }
}
`;

const print = `
@media print {
  :root, :root[data-theme] { color-scheme: light; }
  @page { margin: 12mm; }
  body { background: #fff; zoom: .74; }
  * { print-color-adjust: exact; }
  .page { max-width: none; padding: 0; }
  .panel { border: 0; border-radius: 0; padding: 0; margin-bottom: 26px; }
  .answer { border-left: 6px solid var(--tone); padding-left: 16px; }
  .filter, .pager button, .skip, #theme, .cell, .chart details, summary, .more, .keys { display: none; }
  .full .draw.broad { display: none; } .full .draw.wide { display: block; max-width: 640px; }
  .charts { grid-template-columns: 1fr 1fr; }
  tr, figure, dl { break-inside: avoid; }
  h2, h3, .panel > header { break-after: avoid; }
  thead { display: table-header-group; }
  #calendar { --name: 170px; }
  a { color: inherit; text-decoration: none; }
}
`;

export const pageStyle = [colours, frame, answer, controls, calendar, sheets, narrow, print]
  .join('')
  .replace(/\n\s*/g, '\n')
  .trim();
