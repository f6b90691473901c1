import { markup, type Markup } from '../text/markup.ts';

const height = 40;
const width = 8;

/** One bar of a chart. */
export interface Bar {
  readonly value: number;
  /** Shown when the pointer rests on it. */
  readonly title: string;
}

/** Small bars from zero, the oldest first. @param name of the chart, for screen readers */
export function bars(name: string, values: readonly Bar[]): Markup {
  const most = Math.max(0, ...values.map(({ value }) => value));
  const drawn = values.map(({ value, title }, index) => {
    const size = most === 0 ? 1 : Math.max(1, Math.round((value / most) * height));
    return markup`<g><title>${title}</title>
<rect x="${index * width}" y="${height - size}" width="${width - 2}" height="${size}"/></g>`;
  });
  const total = Math.max(1, values.length) * width;
  return markup`<svg class="bars" role="img" aria-label="${name}"
 viewBox="0 0 ${total} ${height}" style="max-width:${total}px">${drawn}</svg>`;
}
