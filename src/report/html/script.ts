/**
 * What the page gains when scripts run: plots that one can look closer into, a contents list that follows, zooming of the
 * sequence with the keyboard. Everything is there without it. It reads the page's own data and nothing else.
 */
export const PAGE_SCRIPT = `(() => {
'use strict';
const root = document.documentElement;
const data = JSON.parse(document.getElementById('plot-data').textContent);
const dark = matchMedia('(prefers-color-scheme: dark)');
const color = (name) => getComputedStyle(root).getPropertyValue('--' + name).trim();
const DASH = { sent: [], relayed: [7, 4], received: [2, 3] };
const plots = [];
/** Seconds between two times below a plot. */
const STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400];

const clock = (seconds, step) => {
  const text = new Date(Math.round(seconds * 1000)).toISOString();
  return step < 1 ? text.slice(11, 23) : text.slice(11, 19);
};
const bytes = (v) => v >= 1073741824 ? (v / 1073741824).toFixed(2) + ' GiB' : v >= 1048576 ? (v / 1048576).toFixed(1) + ' MiB' : String(v).replace(/\\B(?=(\\d{3})+(?!\\d))/g, '\\u00a0');

function drawMarks(u, marks) {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = color('event');
  ctx.fillStyle = color('soft');
  ctx.font = 11 * ratio + 'px ' + getComputedStyle(document.body).fontFamily;
  ctx.textAlign = 'center';
  ctx.lineWidth = ratio;
  ctx.setLineDash([2 * ratio, 3 * ratio]);
  let last = -Infinity;
  for (const [t, no] of marks) {
    if (t < u.scales.x.min || t > u.scales.x.max) continue;
    const x = Math.round(u.valToPos(t, 'x', true));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    if (x - last > 14 * ratio) { ctx.fillText(String(no), x, bbox.top - 4 * ratio); last = x; }
  }
  ctx.restore();
}

/** What the cursor stands on. */
function sayHere(u, chart) {
  const i = u.cursor.idx;
  if (i == null) return '';
  const values = chart.lines.map((line, n) => { const v = u.data[n + 1][i]; return v == null ? '' : line.label + ' ' + bytes(v); });
  return [clock(u.data[0][i], 0) + ' UTC', ...values].filter((part) => part !== '').join('  ·  ');
}

function options(chart, width, here) {
  const marks = chart.marks.map(([t, no]) => [(chart.from + t) / 1000, no]);
  const axis = { stroke: color('soft'), grid: { stroke: color('line'), width: 1 }, ticks: { show: false }, font: '12px ' + getComputedStyle(document.body).fontFamily };
  return {
    width,
    height: 168,
    padding: [14, 26, 0, 0],
    cursor: { sync: { key: chart.id.split('-')[0], scales: ['x', null] }, drag: { x: true, y: false }, points: { size: 6 } },
    legend: { show: false },
    scales: { x: { time: false, min: chart.from / 1000, max: chart.to / 1000 }, y: { range: (u, min, max) => [0, Math.max(1, max * 1.05)] } },
    axes: [
      { ...axis, space: 90, size: 30, incrs: STEPS, values: (u, splits) => splits.map((s, i) => clock(s, splits.length > 1 ? splits[1] - splits[0] : 1)) },
      { ...axis, size: 76, values: (u, splits) => splits.map((v) => Number.isInteger(v) ? bytes(v) : '') },
    ],
    series: [
      {},
      ...chart.lines.map((line) => ({
        label: line.label,
        stroke: color(line.kind),
        width: 2,
        dash: DASH[line.kind],
        spanGaps: true,
        points: { show: false },
        paths: uPlot.paths.stepped({ align: 1 }),
      })),
    ],
    hooks: { draw: [(u) => drawMarks(u, marks)], setCursor: [(u) => { here.textContent = sayHere(u, chart); }] },
  };
}

function table(chart) {
  const columns = chart.lines.map((line) => [line.t.map((t) => (chart.from + t) / 1000), line.v]);
  const joined = columns.length === 1 ? columns[0] : uPlot.join(columns);
  // A total stays what it was until the next record of its own.
  for (const values of joined.slice(1)) for (let i = 1; i < values.length; i++) if (values[i] == null) values[i] = values[i - 1];
  return joined;
}

function draw() {
  for (const plot of plots.splice(0)) plot.u.destroy();
  for (const chart of data) {
    const place = document.querySelector('[data-plot="' + chart.id + '"]');
    if (!place || place.clientWidth === 0) continue;
    place.textContent = '';
    const here = document.createElement('p');
    here.className = 'here';
    const u = new uPlot(options(chart, place.clientWidth, here), table(chart), place);
    place.append(here);
    plots.push({ u, place, chart });
  }
}

function move(plot, by, zoom) {
  const { min, max } = plot.u.scales.x;
  const [from, to] = [plot.chart.from / 1000, plot.chart.to / 1000];
  const size = Math.min(to - from, Math.max(0.002, (max - min) * zoom));
  const start = Math.min(to - size, Math.max(from, (min + max) / 2 - size / 2 + by * size));
  plot.u.setScale('x', { min: start, max: start + size });
}

const KEYS = { '+': [0, 0.5], '=': [0, 0.5], '-': [0, 2], ArrowLeft: [-0.2, 1], ArrowRight: [0.2, 1], Escape: [0, Infinity] };

function startPlots() {
  if (typeof uPlot !== 'function') return;
  root.classList.add('js');
  for (const chart of data) {
    const place = document.querySelector('[data-plot="' + chart.id + '"]');
    place.tabIndex = 0;
    place.setAttribute('role', 'group');
    place.setAttribute('aria-label', chart.title + ': plot; the table below it has the figures');
    place.addEventListener('keydown', (event) => {
      const plot = plots.find((one) => one.place === place);
      const step = KEYS[event.key];
      if (!plot || !step || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      move(plot, step[0], step[1]);
    });
  }
  draw();
  dark.addEventListener('change', draw);
  let waiting;
  let width = innerWidth;
  addEventListener('resize', () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(draw, 120);
  });
}

function startContents() {
  const links = new Map([...document.querySelectorAll('nav a')].map((link) => [link.hash.slice(1), link]));
  const seen = new Set();
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) if (isIntersecting) seen.add(target.id); else seen.delete(target.id);
    const current = [...links.keys()].find((id) => seen.has(id));
    for (const [id, link] of links) if (id === current) link.setAttribute('aria-current', 'true'); else link.removeAttribute('aria-current');
  }, { rootMargin: '-10% 0px -60% 0px' });
  for (const id of links.keys()) { const part = document.getElementById(id); if (part) watcher.observe(part); }
}

function startZoom() {
  const radios = [...document.querySelectorAll('input[name=zoom]')];
  for (const frame of document.querySelectorAll('.zoomable')) frame.addEventListener('keydown', (event) => {
    const step = event.key === '+' || event.key === '=' ? 1 : event.key === '-' ? -1 : 0;
    if (step === 0 || event.ctrlKey || event.metaKey) return;
    const at = radios.findIndex((radio) => radio.checked);
    const next = radios[Math.min(radios.length - 1, Math.max(0, at + step))];
    if (next) next.checked = true;
    event.preventDefault();
  });
}

/** A link to something folded opens it. */
function openTarget() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let up = target; up; up = up.parentElement) if (up.tagName === 'DETAILS') up.open = true;
}

startPlots();
startContents();
startZoom();
openTarget();
addEventListener('hashchange', openTarget);
})();
`;
