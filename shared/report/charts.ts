/**
 * The report's charts, drawn once by ECharts as SVG: the page needs no chart library of its own. Colours are CSS variables
 * of the page, so that light, dark and print are one drawing. No text from outside is in a chart.
 */
import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { Html, html } from './html.ts';
import { grouped } from './words.ts';

use([BarChart, LineChart, GridComponent, SVGRenderer]);

export interface Series {
  readonly name: string;
  /** A CSS colour, or one a value. */
  readonly color: string | readonly string[];
  readonly values: readonly number[];
  readonly line?: boolean;
}

export interface ChartFacts {
  readonly title: string;
  /** What the chart says, in a sentence: for those who do not see it. */
  readonly summary: string;
  readonly columns: readonly string[];
  /** Column names as they stand in the table; those of the axis unless given. */
  readonly rowNames?: readonly string[];
  readonly columnsAre: string;
  readonly series: readonly Series[];
  /** Takes a row of its own; otherwise two charts stand side by side where there is room. */
  readonly full?: boolean;
  /** Each value stands at its bar (one series): beside a large one a small one is not seen. */
  readonly labelled?: boolean;
}

/** Drawn for each width, since text in a scaled drawing would be unreadable on a telephone: CSS shows the one that fits. */
const sizes = [
  { name: 'broad', width: 1140, height: 170 },
  { name: 'wide', width: 560, height: 190 },
  { name: 'narrow', width: 312, height: 180 },
] as const;

/** A chart with its title, and its numbers as a table behind a disclosure. */
export function chart(facts: ChartFacts): Html {
  const legend =
    facts.series.length > 1 &&
    html`<ul class="legend">${facts.series.map((series) => html`<li><span class="${series.line ? 'swatch line' : 'swatch'}" style="--swatch:${colorOf(series)}"></span>${series.name}</li>`)}</ul>`;
  const head = html`<tr><th scope="col">${facts.columnsAre}</th>${facts.series.map((series) => html`<th scope="col">${series.name}</th>`)}</tr>`;
  const rows = facts.columns.map(
    (column, index) =>
      html`<tr><th scope="row">${facts.rowNames?.[index] ?? column}</th>${facts.series.map((series) => html`<td>${series.values[index] ?? 0}</td>`)}</tr>`,
  );
  return html`<figure class="${facts.full ? 'chart full' : 'chart'}"><figcaption><h3>${facts.title}</h3><p>${facts.summary}</p></figcaption>${legend}${sizes.filter((size) => facts.full || size.name !== 'broad').map((size) => html`<div class="draw ${size.name}" role="img" aria-label="${facts.title}: ${facts.summary}">${draw(facts, size)}</div>`)}<details><summary>As a table<span class="sr">: ${facts.title}</span></summary><div class="numbers" tabindex="0" role="region" aria-label="${facts.title}, numbers"><table><thead>${head}</thead><tbody>${rows}</tbody></table></div></details></figure>`;
}

function colorOf(series: Series): string {
  return typeof series.color === 'string' ? series.color : (series.color[0] ?? 'currentColor');
}

function draw(facts: ChartFacts, size: { readonly width: number; readonly height: number }): Html {
  const drawing = init(null, null, { renderer: 'svg', ssr: true, width: size.width, height: size.height });
  try {
    drawing.setOption(optionOf(facts));
    return new Html(withoutClientParts(drawing.renderToSVGString()));
  } finally {
    drawing.dispose();
  }
}

function optionOf(facts: ChartFacts): EChartsCoreOption {
  const most = Math.max(0, ...facts.series.flatMap((series) => series.values));
  return {
    animation: false,
    textStyle: { fontFamily: 'inherit' },
    grid: { left: 8, right: 8, top: 14, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    xAxis: {
      type: 'category',
      data: facts.columns,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: 'var(--line)' } },
      axisLabel: { color: 'var(--muted)', fontSize: 11, hideOverlap: true },
    },
    yAxis: {
      type: 'value',
      minInterval: most < 5 ? 1 : 0,
      splitNumber: 3,
      ...(most === 0 && { max: 1 }),
      splitLine: { lineStyle: { color: 'var(--line)' } },
      axisLabel: { color: 'var(--muted)', fontSize: 11 },
    },
    series: facts.series.map((series) => ({
      type: series.line ? 'line' : 'bar',
      silent: true,
      emphasis: { disabled: true },
      ...(series.line
        ? {
            step: 'middle',
            symbol: 'none',
            lineStyle: { color: series.color, width: 2 },
            areaStyle: { color: series.color, opacity: 0.15 },
            data: series.values,
          }
        : {
            stack: 'one',
            barMaxWidth: 34,
            ...(facts.labelled && {
              label: { show: true, position: 'top', color: 'var(--ink)', fontSize: 11, formatter: labelOf },
            }),
            barCategoryGap: '25%',
            data: series.values.map((value, index) => ({
              value,
              itemStyle: { color: typeof series.color === 'string' ? series.color : series.color[index] },
            })),
          }),
    })),
  };
}

function labelOf({ value }: { readonly value: number }): string {
  return value === 0 ? '' : grouped(value);
}

/**
 * Leaves out what serves ECharts' own script in the browser, which this page does not have, and the clipping of lines for
 * their animation: both are named by counters that go on from chart to chart.
 */
function withoutClientParts(svg: string): string {
  return svg
    .replace(/<(style|defs)[\s\S]*?<\/\1>/g, '')
    .replace(/ (?:class|clip-path|ecmeta_\w+)="[^"]*"/g, '')
    .replace('<svg ', '<svg aria-hidden="true" ');
}
