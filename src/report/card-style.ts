import { Markup } from '../text/markup.ts';

/** The look of the quick card: always light, because it is for paper. */
export const cardStyle = new Markup(`
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 190mm; padding: 1rem; background: #ffffff; color: #1b1f24;
  font: 1.05rem/1.35 system-ui, sans-serif; }
h1 { font-size: 1.9rem; margin: 0 0 .6rem; } h2 { font-size: 1.15rem; margin: .9rem 0 .4rem; }
svg { width: 100%; height: auto; display: block; max-height: 36mm; }
.steps { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 1rem; list-style: none;
  margin: .4rem 0; padding: 0; }
.steps strong { display: block; font-size: 1.25rem; }
.state { border: 2px solid; border-left-width: 1.2rem; padding: .35rem .8rem; margin: .4rem 0; break-inside: avoid; }
.state strong { font-size: 1.3rem; } .state p { margin: 0; }
.safe { border-color: #1a7f37; } .safe strong { color: #116329; }
.no { border-color: #cf222e; } .no strong { color: #a40e26; }
.other { border-color: #9a6700; } .other strong { color: #7d4e00; }
table { border-collapse: collapse; width: 100%; } th { overflow-wrap: anywhere; }
th, td { text-align: left; vertical-align: top; padding: .2rem .6rem .2rem 0; border-bottom: 1px solid #d0d7de; }
ul { margin: .6rem 0; padding-left: 1.2rem; }
.call { border: 3px solid #1b1f24; padding: .5rem .8rem; font-size: 1.3rem; margin: .6rem 0 .3rem; overflow-wrap: anywhere; }
.blank { display: inline-block; width: 60%; border-bottom: 1px solid #1b1f24; height: 1.2em; vertical-align: bottom; }
.printed { color: #57606a; font-size: .85rem; margin: 0; }
@page { size: A4; margin: 12mm; }
@media print { html { font-size: 14px; } body { padding: 0; max-width: none; } h2 { margin: .6rem 0 .3rem; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`);
