import { Markup } from '../text/markup.ts';

/** The look of all pages: light and dark, narrow and wide, and on paper (A4). Nothing is loaded from elsewhere. */
export const style = new Markup(`
:root { color-scheme: light dark; --text: #1b1f24; --quiet: #57606a; --page: #ffffff; --line: #d0d7de; --good: #1a7f37;
  --attention: #9a6700; --trouble: #cf222e; --none: #eaeef2; --bar: #0969da; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --quiet: #9da7b1; --page: #0d1117; --line: #3d444d;
  --good: #3fb950; --attention: #d29922; --trouble: #ff7b72; --none: #21262d; --bar: #58a6ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; } h3 { font-size: 1rem; margin-bottom: .3rem; }
.headline { border-left: .5rem solid var(--good); padding: .5rem 1rem; font-size: 1.15rem; }
.headline.attention { border-color: var(--attention); } .headline.trouble { border-color: var(--trouble); }
.headline p { margin: 0; } .quiet, figcaption { color: var(--quiet); font-size: .9rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.time { white-space: nowrap; }
svg { width: 100%; height: auto; display: block; } svg text { font: 10px system-ui, sans-serif; fill: var(--quiet); }
svg text.sign { fill: var(--page); font-weight: bold; text-anchor: middle; }
rect.none { fill: var(--none); } rect.success { fill: var(--good); } rect.gaps, rect.cancelled { fill: var(--attention); }
rect.held, rect.failure { fill: var(--trouble); } .bars rect { fill: var(--bar); }
.disk { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1rem; } figure { margin: 0; }
.failure, .held { color: var(--trouble); font-weight: bold; } .gaps { color: var(--attention); }
@page { size: A4; margin: 15mm; }
@media print { :root { color-scheme: light; } body { padding: 0; max-width: none; font-size: 10pt; }
  table { font-size: 8pt; } th, td { padding-right: 2mm; } td.time { white-space: normal; } .wide { overflow-x: visible; }
  h2, h3, tr, figure { break-inside: avoid; } rect { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`);
