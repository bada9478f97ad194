// How long recoveries took: a histogram on a logarithmic scale, and the same
// in words.

import { byId, drawing, el, keyed, resize, svg, text } from './dom.js';
import { cause } from './words.js';
import { count, span } from './time.js';

const HEIGHT = 196, TOP = 62, FOOT = 22, PER_DECADE = 10; // px, bins
const marks = [['p50_ms', 'p50'], ['p90_ms', 'p90'], ['p99_ms', 'p99'], ['max_ms', 'max']];

export class Recoveries {
	constructor() {
		this.holder = byId('histogram');
		this.drawing = drawing('histogram', 'How long recoveries took');
		this.holder.append(this.drawing.node);
		new ResizeObserver(() => { this.drawn = null; this.draw(); }).observe(this.holder);
	}

	show(recoveries) {
		this.known = recoveries;
		keyed(byId('percentiles'), marks, ([field]) => field, ([, name]) => el('div', null, el('dt', null, name), el('dd')), (node, [field]) => text(node.lastElementChild, recoveries.count ? span(recoveries[field]) : '–'));
		const causes = Object.entries(recoveries.by_cause).sort((a, b) => b[1] - a[1]);
		byId('causes-box').hidden = !causes.length;
		keyed(byId('causes'), causes, ([c]) => c, ([c]) => el('tr', null, el('th', { scope: 'row' }, cause(c)), el('td')), (node, [, n]) => text(node.lastElementChild, n));
		const n = recoveries.newest_ms.length;
		text(byId('recoveries-note'), !n ? 'There was none in this run of foster.' : `${count(recoveries.count, 'recovery', 'recoveries')} in this run of foster${recoveries.count > n ? `; percentiles of the newest ${n}` : ''}.`);
		this.holder.hidden = !n;
		this.draw();
	}

	draw() {
		const values = this.known?.newest_ms ?? [], width = this.holder.clientWidth;
		const state = JSON.stringify([width, values]);
		if (!values.length || !width || state === this.drawn) return;
		this.drawn = state;
		const log = ms => Math.log10(Math.max(ms, 1));
		const low = Math.floor((log(Math.min(...values)) - 0.1) * PER_DECADE), high = Math.max(Math.ceil((log(Math.max(...values)) + 0.1) * PER_DECADE), low + 8);
		const x = ms => (log(ms) * PER_DECADE - low) / (high - low) * width;
		const bins = new Array(high - low).fill(0);
		for (const ms of values) bins[Math.min(bins.length - 1, Math.floor(log(ms) * PER_DECADE) - low)]++;
		const most = Math.max(...bins), base = HEIGHT - FOOT, bar = width / bins.length;
		const parts = [svg('line', { class: 'base', x1: 0, x2: width, y1: base, y2: base })];
		bins.forEach((n, i) => {
			const height = n / most * (base - TOP - 6);
			if (n) parts.push(svg('rect', { class: 'bin', x: i * bar + 1, y: base - height, width: Math.max(1, bar - 2), height, rx: 2 }));
		});
		let free = -Infinity;
		for (const ms of [1, 2, 5].flatMap(n => [0, 1, 2, 3, 4, 5, 6].map(e => n * 10 ** e)).sort((a, b) => a - b)) {
			const at = x(ms);
			if (at < 16 || at > width - 20 || at - free < 52) continue;
			free = at;
			parts.push(svg('line', { class: 'base', x1: at, x2: at, y1: base, y2: base + 4 }), svg('text', { class: 'time', x: at, y: HEIGHT - 4, 'text-anchor': 'middle' }, ms < 1000 ? `${ms} ms` : ms < 60000 ? `${ms / 1000} s` : `${+(ms / 60000).toFixed(1)} m`));
		}
		const labels = marks.map(([field, name], i) => {
			const at = x(this.known[field]), y = 12 + i * 14, late = at > width / 2;
			parts.push(svg('line', { class: `mark ${name}`, x1: at, x2: at, y1: y - 9, y2: base }));
			return svg('text', { class: 'mark', x: at + (late ? -5 : 5), y, 'text-anchor': late ? 'end' : 'start' }, `${name} ${span(this.known[field])}`);
		});
		resize(this.drawing.node, width, HEIGHT);
		this.drawing.body.replaceChildren(...parts, ...labels);
		text(this.drawing.desc, `${count(values.length, 'recovery', 'recoveries')}: ${marks.map(([field, name]) => `${name} ${span(this.known[field])}`).join(', ')}.`);
	}
}
