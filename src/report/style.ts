import { paletteCss } from './draw.js';

/** A page's look: light and dark, on a phone and on paper. */
export const style = `${paletteCss(':root')}
*{box-sizing:border-box}
html{color-scheme:light dark}
body{margin:0 auto;padding:16px 20px 60px;max-width:960px;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;line-height:1.25;margin:.6em 0 .3em;overflow-wrap:anywhere}h2,h3,p,li,figcaption,summary{overflow-wrap:anywhere}h2{font-size:1.1rem;margin:2em 0 .5em}
nav{font-size:.85rem;margin:.4em 0 1em}nav a,.warning a{color:var(--c1)}nav a{display:inline-block;margin-right:.9em;overflow-wrap:anywhere}
.lead{font-size:1.05rem}.warning{border-left:4px solid var(--c2);padding:.3em .8em;margin:.5em 0}
.note,figcaption{color:var(--faint);font-size:.85rem}
figure{margin:.6em 0 1.1em}figure svg{max-width:100%;height:auto;touch-action:pan-y}figcaption{margin-top:.2em}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,300px),1fr));gap:0 24px;align-items:start}
.legend{font-size:.85rem;margin:.3em 0}.legend span{display:inline-block;margin-right:1.1em}.legend i{display:inline-block;width:14px;height:4px;border-radius:2px;margin-right:.4em;vertical-align:middle}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.88rem;margin:.5em 0}
th,td{text-align:left;padding:.25em .8em .25em 0;border-bottom:1px solid color-mix(in srgb,var(--faint) 35%,transparent);vertical-align:top}
th{font-weight:600}th.short{white-space:nowrap}.long{overflow-wrap:anywhere;min-width:10em}td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15em 1.2em;font-size:.88rem}dt{color:var(--faint)}dd{margin:0;overflow-wrap:anywhere}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.6 ui-monospace,monospace}.surprise span{background:color-mix(in srgb,var(--c2) calc(var(--s)*85%),transparent)}
.card{border:1px solid color-mix(in srgb,var(--faint) 35%,transparent);border-radius:6px;padding:.5em .8em;margin:.4em 0}.card p{margin:.2em 0}blockquote{margin:.4em 0;font-style:italic}
.tip{position:fixed;z-index:9;pointer-events:none;white-space:pre;background:var(--ink);color:var(--paper);border-radius:5px;padding:.35em .6em;font-size:12px;line-height:1.4}
.mark{stroke:var(--faint);stroke-width:1;stroke-dasharray:2 2}select{font:inherit;max-width:100%;background:var(--paper);color:var(--ink)}
.steps{display:flex;font:11px ui-monospace,monospace;color:var(--faint)}.steps span{flex:1 1 0;min-width:0;text-align:center;white-space:pre;overflow:hidden}
canvas{width:100%;image-rendering:pixelated;display:block;background:color-mix(in srgb,var(--faint) 8%,transparent);touch-action:pan-y}.told{font:12px/1.5 ui-monospace,monospace;min-height:3em;position:sticky;top:0;background:var(--paper);margin:.2em 0;padding:.3em 0;z-index:2}h3{font-size:1rem;margin:1.4em 0 .2em}
.bar{height:8px;border-radius:4px;background:color-mix(in srgb,var(--faint) 25%,transparent);overflow:hidden}.bar i{display:block;height:100%;width:0;background:var(--c1)}
[data-numbers]{font:12px/1.5 ui-monospace,monospace;white-space:pre-wrap;min-height:1.5em;margin:.5em 0}
button{font:inherit;padding:.35em .9em;border:1px solid var(--c2);border-radius:6px;background:var(--paper);color:var(--ink);cursor:pointer}button:disabled{opacity:.5;cursor:default}
.narrow{display:none}[hidden]{display:none!important}
@media (max-width:600px){body{padding:10px 14px 40px}.wide{display:none}.narrow{display:block}table{font-size:.8rem}th,td{padding-right:.55em}}
@page{margin:14mm}
@media print{nav,.tip,.told,.mark{display:none}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}body{max-width:none;padding:0}select{appearance:none;border:0}
h2,h3,.legend{break-after:avoid}figure,.card,tr{break-inside:avoid}.scroll{overflow:visible}table{font-size:.72rem}th,td{padding-right:.5em}pre{font-size:11px}}`;
