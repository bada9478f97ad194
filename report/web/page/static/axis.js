// Faults and recoveries on an axis of time: a bar from each fault to its
// recovery, a lane for each child. The list beside it tells the same in words.

import { drawing, el, resize, svg, text } from './dom.js';
import { clock, count, now, seen, span } from './time.js';

const MINUTE = 60000;
const windows = [[MINUTE, '1 min'], [5 * MINUTE, '5 min'], [30 * MINUTE, '30 min'], [180 * MINUTE, '3 h'], [1440 * MINUTE, '24 h']];
const steps = [10, 30, 60, 300, 900, 1800, 3600, 10800, 21600].map(s => s * 1000);
const LANES = 10, HEAD = 22, FOOT = 22, NARROW = 560; // lanes; px

export class Axis {
	constructor(holder, choice) {
		this.holder = holder;
		this.length = null; // ms, null until somebody chooses
		this.radios = windows.map(([length, label]) => {
			const radio = el('input', { type: 'radio', name: 'window', value: length });
			radio.addEventListener('change', () => { this.length = length; this.redraw(); });
			choice.append(el('label', null, radio, el('span', null, label)));
			return radio;
		});
		this.drawing = drawing('axis', 'Faults and recoveries over time');
		holder.append(this.drawing.node);
		new ResizeObserver(() => this.redraw()).observe(holder);
	}

	show(model) {
		this.model = model;
		this.redraw();
	}

	redraw() {
		const width = this.holder.clientWidth;
		if (!this.model?.status || !width) return;
		const end = now(), bars = this.model.bars(), length = this.length ?? fitting(bars, end), start = end - length;
		for (const radio of this.radios) radio.checked = Number(radio.value) === length;
		const shown = bars.filter(bar => (bar.end ?? end) >= start);
		const lanes = lanesOf(shown, this.model.status.children);
		const narrow = width < NARROW, left = narrow ? 0 : 150, lane = narrow ? 42 : 30;
		const height = HEAD + Math.max(1, lanes.length) * lane + FOOT;
		const x = at => left + (Math.max(start, Math.min(end, at)) - start) / length * (width - left - 1);
		const parts = [...this.grid(start, end, length, x, left, height, narrow)];
		lanes.forEach((name, i) => {
			const top = HEAD + i * lane, label = name ?? 'others';
			parts.push(svg('line', { class: 'lane', x1: 0, x2: width, y1: top, y2: top }),
				svg('text', { class: 'label', x: 0, y: top + (narrow ? 15 : lane / 2 + 4) }, cut(label, narrow ? Math.floor(width / 8) : 19), svg('title', null, label)));
			const row = shown.filter(bar => (name === null ? !lanes.includes(bar.child) : bar.child === name)).sort((a, b) => a.at - b.at);
			parts.push(...draw(row, x, top + (narrow ? 22 : lane / 2 - 6), left, width));
		});
		if (!lanes.length) parts.push(svg('text', { class: 'none', x: left + (width - left) / 2, y: HEAD + lane / 2 + 4, 'text-anchor': 'middle' }, 'No fault in this time'));
		const { node, body, desc } = this.drawing;
		resize(node, width, height);
		body.replaceChildren(...parts);
		const open = shown.filter(bar => bar.end === null).length;
		text(desc, `In the last ${span(length, true)}: ${count(shown.length, 'fault', 'faults')}, ${open} of them not recovered from yet. The list below has each of them.`);
	}

	* grid(start, end, length, x, left, height, narrow) {
		for (const gap of this.model.gaps) {
			const to = gap.to ?? end;
			if (to > start && to - gap.from > 500) yield svg('rect', { class: 'gap', x: x(gap.from), y: HEAD, width: Math.max(1, x(to) - x(gap.from)), height: height - HEAD - FOOT }, svg('title', null, `nothing known for ${span(to - gap.from)}`));
		}
		const step = steps.find(s => length / s <= (narrow ? 4 : 8)) ?? steps.at(-1);
		const zone = new Date(end).getTimezoneOffset() * MINUTE;
		for (let at = Math.ceil((start - zone) / step) * step + zone; at < end; at += step) {
			yield svg('line', { class: 'tick', x1: x(at), x2: x(at), y1: HEAD, y2: height - FOOT });
			if (x(at) > left + 22 && x(at) < x(end) - 58) yield svg('text', { class: 'time', x: x(at), y: height - 6, 'text-anchor': 'middle' }, clock(at, step < MINUTE).slice(step < MINUTE ? -8 : -5));
		}
		yield svg('text', { class: 'time', x: x(end), y: height - 6, 'text-anchor': 'end' }, 'now');
		for (const item of this.model.items) {
			if (item.kind !== 'restart' || item.at < start) continue;
			const at = x(item.at), late = at > (left + x(end)) / 2;
			yield svg('line', { class: 'restart', x1: at, x2: at, y1: 6, y2: height - FOOT });
			yield svg('text', { class: 'restart', x: at + (late ? -6 : 6), y: 14, 'text-anchor': late ? 'end' : 'start' }, 'foster restarted');
		}
	}
}

// draw makes the bars of a lane; each says its time where there is room.
function* draw(row, x, y, left, width) {
	const end = seen();
	for (let i = 0; i < row.length; i++) {
		const bar = row[i], from = x(bar.at), room = i > 0 ? from - x(row[i - 1].end ?? end) : from - left, to = Math.max(from + 4, x(bar.end ?? end)), next = i + 1 < row.length ? x(row[i + 1].at) : width;
		const open = bar.end === null, words = span((bar.end ?? end) - bar.at, open);
		const kind = open ? 'open' : bar.over ? 'over' : 'mended';
		yield svg('g', { class: kind },
			svg('title', null, `${bar.child}: ${bar.cause}, ${open ? 'since' : 'from'} ${clock(bar.at)}, ${words}`),
			svg('rect', { x: from, y: y + 2, width: to - from, height: 8, rx: 2 }),
			open ? svg('path', { d: `M${to - 9} ${y}h9v12h-9` }) : bar.over ? null : svg('circle', { cx: to, cy: y + 6, r: 4.5 }));
		if (open && room > words.length * 7 + 14) yield svg('text', { class: 'length', x: from - 6, y: y + 10, 'text-anchor': 'end' }, words);
		else if (!open && next - to > words.length * 7 + 14 && !bar.over) yield svg('text', { class: 'length', x: to + 8, y: y + 10 }, words);
	}
}

// fitting is the shortest window that has the newest few faults.
function fitting(bars, end) {
	const oldest = bars.map(bar => bar.at).sort((a, b) => b - a).slice(0, 6).at(-1) ?? end - 2 * MINUTE;
	return (windows.find(([length]) => (end - oldest) * 1.1 < length) ?? windows.at(-1))[0];
}

// lanesOf are the children with bars, in their own order; null stands for all
// that there is no lane for.
function lanesOf(bars, children) {
	const order = new Map(children.map((child, i) => [child.name, i]));
	const names = [...new Set(bars.map(bar => bar.child))].sort((a, b) => (order.get(a) ?? 1e9) - (order.get(b) ?? 1e9));
	return names.length > LANES ? [...names.slice(0, LANES - 1), null] : names;
}

const cut = (s, n) => (s.length > n ? `${s.slice(0, n - 1)}…` : s);
