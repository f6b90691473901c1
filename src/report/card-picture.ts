import { markup, type Markup } from '../text/markup.ts';

/** The picture on the quick card: plug in, wait, take out. @param name for screen readers */
export const cardPicture = (name: string): Markup => markup`<svg viewBox="0 0 600 130" role="img" aria-label="${name}"
 fill="none" stroke="#1b1f24" stroke-width="3" stroke-linejoin="round" stroke-linecap="round">
<g><rect x="20" y="30" width="80" height="60" rx="6"/><path d="M40 90v12h40v-12M32 46h56"/>
<rect x="140" y="62" width="46" height="28" rx="4" fill="#d0d7de"/><path d="M140 76h-30m8-7-8 7 8 7"/></g>
<g><rect x="225" y="30" width="80" height="60" rx="6"/><path d="M245 90v12h40v-12M237 46h56M305 76h20"/>
<rect x="325" y="62" width="46" height="28" rx="4" fill="#d0d7de"/><circle cx="348" cy="32" r="15"/><path d="M348 22v10l7 5"/></g>
<g><rect x="430" y="30" width="80" height="60" rx="6"/><path d="M450 90v12h40v-12M442 46h56"/>
<rect x="545" y="62" width="46" height="28" rx="4" fill="#d0d7de"/><path d="M515 76h24m-8-7 8 7-8 7"/>
<circle cx="568" cy="32" r="15" fill="#1a7f37" stroke="#1a7f37"/><path d="m561 32 5 6 9-11" stroke="#ffffff"/></g>
</svg>`;
