/** The looks of the page. Colours are told apart by people who see red and green alike, and no meaning hangs on colour alone. */

const LIGHT = `
--paper:#f7f6f2;--card:#ffffff;--sunk:#efede6;--ink:#1c2226;--soft:#4f5a61;--line:#dcd8cd;--strong:#b9b4a6;
--bad:#a8321a;--bad-wash:#fbece7;--warn:#7a5200;--warn-wash:#faf1dc;--good:#0b5a8c;--good-wash:#e6f0f7;--unsure:#574f7d;--unsure-wash:#eeecf6;
--sent:#0a66a8;--relayed:#96690a;--received:#00745a;--event:#8a8577;--link:#0b5a8c;`;

const DARK = `
--paper:#14181b;--card:#1c2226;--sunk:#22292e;--ink:#e9e6df;--soft:#a9b3ba;--line:#343d43;--strong:#56626a;
--bad:#ff9c7d;--bad-wash:#3a221b;--warn:#f0c468;--warn-wash:#352b17;--good:#83c5f2;--good-wash:#17303f;--unsure:#bdb6e3;--unsure-wash:#2a2740;
--sent:#6db8f2;--relayed:#e5ae45;--received:#4fd0a9;--event:#8d989f;--link:#83c5f2;`;

const BASE = `
:root{color-scheme:light dark;${LIGHT}--mono:ui-monospace,"SF Mono","Cascadia Mono","Segoe UI Mono","DejaVu Sans Mono",Menlo,Consolas,monospace}
@media (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth;scroll-padding-top:1rem}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--paper);color:var(--ink);font:400 1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","DejaVu Sans",sans-serif;overflow-wrap:anywhere}
h1,h2,h3,h4{line-height:1.25;font-weight:650;margin:0;text-wrap:balance}
h2{font-size:1.45rem;letter-spacing:-.01em}
h3{font-size:1.08rem;margin:1.8rem 0 .7rem}
h4{font-size:.82rem;color:var(--soft);margin:1.3rem 0 .4rem;font-weight:600}
p{margin:.5rem 0;max-width:74ch}
code{font-family:var(--mono);font-size:.87em}
a{color:var(--link);text-underline-offset:.18em}
ul,ol{padding:0;margin:.5rem 0;list-style:none}
ul.plain{list-style:disc;padding-left:1.2rem;max-width:74ch}
dl,dd,figure,fieldset{margin:0}
:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:4px}
.vh{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:-999rem;top:0;background:var(--card);padding:.6rem 1rem;z-index:9}
.skip:focus{left:.5rem;top:.5rem}
.layout{max-width:78rem;margin:0 auto;padding:0 clamp(1rem,4vw,2.5rem) 3rem}
nav{padding:1rem 0 .2rem;font-size:.92rem}
nav ol{display:flex;gap:.1rem 1.2rem;margin:0;overflow-x:auto;white-space:nowrap;scrollbar-width:thin}
nav a{display:inline-block;padding:.2rem 0;text-decoration:none;color:var(--soft)}
nav a:hover{color:var(--link);text-decoration:underline}
@media (min-width:72rem){
.layout{display:grid;grid-template-columns:12.5rem minmax(0,1fr);column-gap:3rem}
nav{position:sticky;top:0;align-self:start;padding:2.6rem 0 1rem;max-height:100vh;overflow-y:auto}
nav ol{display:block;white-space:normal;overflow:visible;border-left:2px solid var(--line)}
nav a{display:block;padding:.28rem 0 .28rem .9rem;margin-left:-2px;border-left:2px solid transparent;line-height:1.3}
nav a[aria-current]{color:var(--ink);border-color:var(--ink);font-weight:600}
}
main>section{margin-top:3.2rem}
.section-head{display:flex;flex-wrap:wrap;align-items:baseline;gap:.2rem .9rem;border-bottom:1px solid var(--line);padding-bottom:.45rem;margin-bottom:1rem}
.gist,.hint,.still,.unit{color:var(--soft);font-size:.92rem}
.gist{margin:0}
.calm{color:var(--soft)}
footer{border-top:1px solid var(--line);margin-top:3.5rem;padding-top:1rem;color:var(--soft);font-size:.88rem}
footer li{margin:.15rem 0}
`;

const VERDICT = `
.icon{display:inline-grid;place-items:center;width:1.35em;height:1.35em;border-radius:50%;font-weight:700;line-height:1;font-family:var(--mono);font-size:.8em;background:var(--unsure);color:var(--card);vertical-align:.06em}
.icon.failed,.icon.error{background:var(--bad);border-radius:.25em}
.icon.degraded,.icon.warning{background:var(--warn)}
.icon.healthy,.icon.info{background:var(--good)}
.verdict{margin-top:1.4rem;padding:clamp(1.1rem,3vw,2rem);background:var(--card);border:1px solid var(--line);border-top:6px solid var(--unsure);border-radius:6px 6px 12px 12px}
.verdict.failed{border-top-color:var(--bad)}.verdict.degraded{border-top-color:var(--warn)}.verdict.healthy{border-top-color:var(--good)}
.kicker{font-size:.88rem;color:var(--soft);margin:0 0 .8rem}
h1{font-size:clamp(1.9rem,5vw,2.7rem);letter-spacing:-.02em;color:var(--unsure)}
h1 .icon{font-size:.7em;vertical-align:.12em;margin-right:.15em}
.failed h1{color:var(--bad)}.degraded h1{color:var(--warn)}.healthy h1{color:var(--good)}
.because{font-size:clamp(1.08rem,2.4vw,1.3rem);line-height:1.4;margin:.6rem 0 0;max-width:60ch}
.do{background:var(--good-wash);border-left:4px solid var(--good);padding:.65rem .9rem;border-radius:0 8px 8px 0;margin:1rem 0}
.do strong{margin-right:.4em;color:var(--good)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.6rem,1fr));gap:.9rem 1.6rem;margin-top:1.4rem;padding-top:1.1rem;border-top:1px solid var(--line)}
.facts div,.metrics div{min-width:0}
.facts dt,.metrics dt{font-size:.8rem;color:var(--soft)}
.facts dd{font-size:.95rem}
.badge{display:inline-block;font-size:.76rem;line-height:1.5;border:1px solid var(--strong);color:var(--soft);border-radius:99px;padding:0 .6em;white-space:nowrap}
.badge.error{color:var(--bad);border-color:var(--bad)}.badge.warning{color:var(--warn);border-color:var(--warn)}.badge.info{color:var(--good);border-color:var(--good)}
.cause{background:var(--card);border:1px solid var(--line);border-left:6px solid var(--good);border-radius:6px 12px 12px 6px;padding:1.1rem clamp(.9rem,3vw,1.6rem) 1.2rem;margin-bottom:1.1rem}
.cause.error{border-left-color:var(--bad)}.cause.warning{border-left-color:var(--warn)}
.cause h3{font-size:1.15rem;margin:.4rem 0 .2rem;max-width:64ch}
.rule{display:flex;flex-wrap:wrap;align-items:center;gap:.25rem .55rem;margin:0;color:var(--soft);font-size:.92rem}
.rule code{color:var(--ink);font-weight:600}
.symptoms li{padding:.15rem 0 .15rem 1.1rem;position:relative;max-width:74ch}
.symptoms li::before{content:"↳";position:absolute;left:0;color:var(--soft)}
.symptoms code{color:var(--soft)}
.metrics{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.5rem 1.2rem;padding:.4rem 0}
.cards{display:grid;gap:.7rem}
.cards>li{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.7rem 1rem}
.cards p{margin:.15rem 0}
.how{color:var(--soft);padding-left:1.2rem;text-indent:-1.2rem}
.note{background:var(--warn-wash);border-left:4px solid var(--warn);padding:.55rem .9rem;border-radius:0 8px 8px 0}
`;

const EVIDENCE = `
summary{cursor:pointer;border-radius:6px}
.more{margin:.7rem 0}
.more>summary{color:var(--link);padding:.2rem 0;font-size:.94rem}
.evidence{border-top:1px solid var(--line);margin:.3rem 0 0}
.evidence>li{border-bottom:1px solid var(--line)}
.evidence summary,.evidence .plain{display:grid;grid-template-columns:1rem 6.6rem 6.4rem minmax(0,1fr) auto;gap:.1rem .8rem;padding:.42rem .3rem;font-size:.9rem;align-items:baseline;list-style:none}
.evidence summary::-webkit-details-marker{display:none}
.evidence summary::before{content:"▸";color:var(--soft);grid-column:1}
.evidence details[open]>summary::before{content:"▾"}
.evidence .plain::before{content:""}
.evidence .bare{grid-template-columns:1rem minmax(0,1fr) auto}
.evidence .bare .when,.evidence .bare .who{display:none}
.evidence .bare .place{max-width:26rem}
.evidence summary:hover{background:var(--sunk)}
.when{font-variant-numeric:tabular-nums;color:var(--soft);white-space:nowrap}
.who{font-weight:600;display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;overflow:hidden;unicode-bidi:isolate}
.what{font-family:var(--mono);font-size:.88em;line-height:1.45;unicode-bidi:isolate}
.place{color:var(--soft);text-align:right;font-size:.92em;max-width:15rem;unicode-bidi:isolate}
.evidence .file{margin:.2rem .3rem .3rem 1.9rem;font-size:.85rem;color:var(--soft)}
.lines{background:var(--sunk);border-radius:8px;margin:.2rem 0 .7rem;padding:.45rem 0;font-size:.84rem}
.lines li{display:grid;grid-template-columns:4.2rem minmax(0,1fr);gap:.7rem;padding:.1rem .8rem}
.lines code{white-space:pre-wrap;font-size:.94em;unicode-bidi:isolate}
.lines .no{text-align:right;color:var(--soft);font-variant-numeric:tabular-nums}
.lines .cited{background:var(--warn-wash);box-shadow:inset 4px 0 var(--warn)}
.lines .cited .no{color:var(--ink);font-weight:700}
.lines .gap{display:block;color:var(--soft);padding-left:5.7rem;font-style:italic}
.files div{display:grid;grid-template-columns:minmax(8rem,16rem) minmax(0,1fr);gap:.2rem 1rem;padding:.25rem 0;border-bottom:1px solid var(--line)}
.files dt{color:var(--soft)}
@media (max-width:46rem){
.evidence summary,.evidence .plain{grid-template-columns:1rem auto minmax(0,1fr)}
.evidence .what{grid-column:2/-1}
.evidence .place{grid-column:2/-1;text-align:left;max-width:none}
.evidence .file{margin-left:.3rem}
.lines li{grid-template-columns:minmax(0,1fr);gap:0;padding:.25rem .7rem}
.lines .no{text-align:left}
.lines .gap{padding-left:.7rem}
.files div{grid-template-columns:minmax(0,1fr)}
}
`;

const TABLES = `
.frame{position:relative;overflow-x:auto;border:1px solid var(--line);border-radius:10px;background:var(--card)}
.more .frame{max-height:34rem;overflow-y:auto}
table{border-collapse:collapse;width:100%;font-size:.9rem;overflow-wrap:normal}
th,td{text-align:left;vertical-align:top;padding:.45rem .8rem;border-bottom:1px solid var(--line);font-weight:400}
tbody tr:last-child>*{border-bottom:0}
thead th{font-size:.8rem;color:var(--soft);font-weight:600;white-space:nowrap;position:sticky;top:0;background:var(--card);z-index:1}
tbody th{white-space:nowrap}
td,tbody th{font-variant-numeric:tabular-nums;unicode-bidi:isolate}
td{overflow-wrap:anywhere;min-width:4.8rem}
td.num,td.no{white-space:nowrap;min-width:0}
td.place{min-width:8rem}
.path{white-space:normal;min-width:16rem;overflow-wrap:anywhere}
.num{text-align:right}
.rules td{min-width:16rem}
tr.cited>*{background:var(--warn-wash)}
.ledger .dir{font-weight:600;display:block;min-width:9rem;max-width:18rem;white-space:normal;overflow-wrap:anywhere}
.ledger .to{color:var(--soft);font-weight:400}
.ledger .figure,.ledger .frames{display:block;white-space:nowrap}
.ledger .frames{font-size:.82rem;color:var(--soft)}
.ledger .none{color:var(--soft);font-size:.88rem}
.ledger .drop{background:var(--bad-wash)}
.ledger .mark{color:var(--bad);font-weight:700}
.bar{display:block;width:100%;min-width:3.5rem;height:4px;margin-top:.3rem}
.bar .rest{fill:var(--sunk)}.bar .maybe{fill:var(--strong)}.bar .sure{fill:var(--good)}
.lossy .bar .sure{fill:var(--bad)}
.state{white-space:nowrap;font-weight:600;color:var(--unsure)}
.state.delivered{color:var(--good)}.state.lossy{color:var(--bad)}.state.never-used{color:var(--soft)}
.ways li{margin:.25rem 0;max-width:80ch;font-size:.94rem}
.shares{display:block;width:100%;height:12px;border-radius:4px}
.shares .records,.shares-key .records{fill:var(--good)}.shares .continuation,.shares-key .continuation{fill:var(--relayed)}
.shares .ignored,.shares-key .ignored{fill:var(--strong)}.shares .rejected,.shares-key .rejected{fill:var(--bad)}
@media (max-width:46rem){
.ledger .dir{max-width:none}
.stack thead{display:none}
.stack,.stack tbody,.stack tr{display:block}
.stack tr{padding:.6rem .8rem;border-bottom:1px solid var(--line)}
.stack th,.stack td{display:grid;grid-template-columns:7.5rem minmax(0,1fr);border:0;padding:.16rem 0;text-align:left}
.stack th{display:block}
.stack td>*{grid-column:2}
.stack td::before{content:attr(data-head);color:var(--soft);font-size:.85rem;grid-column:1;grid-row:1}
.stack .drop{border-radius:6px;padding-left:.4rem;margin-left:-.4rem}
}
`;

const DRAWINGS = `
svg{display:block}
svg text{font-family:inherit;fill:var(--ink)}
.parties{margin:1rem 0}
figcaption{color:var(--soft);font-size:.9rem;max-width:74ch}
.picture{width:100%;max-width:46rem;height:auto;margin:0 auto .6rem}
.picture.narrow{display:none}
@media (max-width:40rem){.picture.wide{display:none}.picture.narrow{display:block}}
.party rect{fill:var(--card);stroke:var(--strong);stroke-width:1.5}
.party.gone rect{stroke-dasharray:5 4}
.party .name{font-size:15px;font-weight:650}
.narrow .party .name{font-size:13px}
.party .era{font-size:12px;fill:var(--soft)}
.narrow .party .era{font-size:11px}
.way{stroke:var(--unsure);fill:none}
.flow.delivered .way{stroke:var(--good)}.flow.lossy .way{stroke:var(--bad)}
.flow.in-doubt .way{stroke-dasharray:10 5}
.flow .way.gone{stroke-dasharray:2 6;stroke-linecap:round}
.flow.never-used .way,.flow.unknown .way{stroke:var(--strong);stroke-dasharray:1 6;stroke-linecap:round}
.head{fill:var(--unsure)}.head.delivered{fill:var(--good)}.head.lossy{fill:var(--card);stroke:var(--bad)}.head.never-used,.head.unknown{fill:var(--strong)}
.cut{stroke:var(--bad);stroke-width:3;stroke-linecap:round;fill:none}
.label{font-size:14px;font-weight:600;paint-order:stroke;stroke:var(--paper);stroke-width:5px;stroke-linejoin:round}
.narrow .label{font-size:12px}
.flow.never-used .label,.flow.unknown .label{font-weight:400;fill:var(--soft)}
.flow.lossy .label{fill:var(--bad)}.flow.delivered .label{fill:var(--good)}.flow.in-doubt .label{fill:var(--unsure)}
.plots{display:grid;gap:1rem}
.plots.two{grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr))}
.plot{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.8rem 1rem .4rem;min-width:0}
.plot figcaption{display:flex;flex-wrap:wrap;gap:.1rem 1rem;align-items:baseline;max-width:none;color:var(--ink)}
.legend{display:flex;flex-wrap:wrap;gap:.1rem 1rem;color:var(--soft);font-size:.88rem;max-width:none}
.key{display:inline-flex;align-items:center;gap:.35em;white-space:nowrap}
.line{fill:none;stroke-width:2;vector-effect:non-scaling-stroke}
.line.sent{stroke:var(--sent)}.line.relayed{stroke:var(--relayed);stroke-dasharray:7 4}.line.received{stroke:var(--received);stroke-dasharray:2 3}
.chart .grid{stroke:var(--line)}
.chart .tick{font-size:12px;fill:var(--soft);paint-order:stroke;stroke:var(--card);stroke-width:4px}
.event line{stroke:var(--event);stroke-width:1;stroke-dasharray:2 3}
.event text{font-size:11px;fill:var(--soft)}
.live,.live-only{display:none}
.js .live{display:block;min-width:0}.js .live-only{display:inline}.js .static{display:none}
.live:focus-visible{outline-offset:4px}
.zoom{border:0;padding:0;margin:.4rem 0 .7rem;display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.92rem;align-items:center}
.zoom legend{float:left;padding:0;margin-right:.8rem;color:var(--soft)}
.zoom label{display:inline-flex;gap:.3em;align-items:center;padding:.15rem 0;cursor:pointer}
.zoomable,.more .zoomable{max-height:none}
.sequence{width:calc(var(--width)*var(--zoom)*1px);height:auto;max-width:none}
:root{--zoom:1}
:root:has(input[name=zoom][value="150"]:checked){--zoom:1.5}
:root:has(input[name=zoom][value="200"]:checked){--zoom:2}
:root:has(input[name=zoom][value=fit]:checked) .sequence{width:100%}
.sequence text{font-size:12px}
.lane{stroke:var(--strong);stroke-dasharray:2 4}
.lane-head rect{fill:var(--sunk);stroke:var(--strong)}
.lane-head.relay rect{stroke-dasharray:4 3}
.lane-head text{font-weight:650;font-size:13px}
.sequence .clock{fill:var(--soft);font-variant-numeric:tabular-nums}
.sequence .say{paint-order:stroke;stroke:var(--card);stroke-width:5px;stroke-linejoin:round}
.band{fill:var(--warn-wash)}
.cited .say{font-weight:650;stroke:var(--warn-wash)}
.wire{stroke:var(--ink);stroke-width:1.5;fill:none}
.wire.data{stroke:var(--good);stroke-width:2.5}.wire.open-ended{stroke-dasharray:6 4;stroke:var(--unsure)}.wire.bad{stroke:var(--bad);stroke-width:2}
.tip{fill:var(--ink)}.tip.data{fill:var(--good)}.tip.open-ended{fill:var(--unsure)}
.dot{fill:var(--ink)}.dot.bad{fill:var(--bad)}
text.pause{fill:var(--soft);font-style:italic}
line.pause{stroke:var(--line)}
.uplot,.uplot *{font-family:inherit}
.live+.static+.more{margin-top:0}
.ledger th,.ledger td{padding-inline:.6rem}
.here{font-size:.85rem;color:var(--soft);min-height:1.4em;margin:0;max-width:none;font-variant-numeric:tabular-nums}
.u-select{background:var(--good);opacity:.18}
`;

const PRINT = `
@page{margin:14mm}
@media print{
:root{${LIGHT}--paper:#fff}
body{font-size:10pt}
nav,.skip,.zoom,.live,.live-only,.hint{display:none!important}
.js .live{display:none}.js .static{display:block}
.layout{display:block;max-width:none;padding:0}
.frame{max-height:none;overflow:visible}
.cause,.cards>li,.plot,.verdict,.evidence>li,tr,figure{break-inside:avoid}
.section-head,h3,h4{break-after:avoid}
main>section{margin-top:1.6rem}
.sequence{width:100%}
.evidence summary::before{content:""}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`;

/** `width`: of the sequence drawings, in pixels at full size. */
export function pageStyle(width: number): string {
  return `${BASE}${VERDICT}${EVIDENCE}${TABLES}${DRAWINGS}.sequence{--width:${Math.round(width)}}${PRINT}`;
}
