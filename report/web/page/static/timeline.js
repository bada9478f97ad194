// The past as a list, newest first.

import { byId, el, icon, keyed, setIcon, text } from './dom.js';
import { clock, count, seen, span } from './time.js';
import { did, shape as shapeOf } from './words.js';

const PAGE = 20; // items shown at first, and more at each wish

export class Timeline {
	constructor() {
		this.list = byId('events');
		this.more = byId('more');
		this.faults = byId('only-faults');
		this.shown = PAGE;
		this.more.addEventListener('click', () => {
			const last = this.list.lastElementChild;
			this.shown += PAGE;
			this.draw();
			// The button may be gone now: go on where the new ones begin.
			last?.nextElementSibling?.focus();
		});
		this.faults.addEventListener('change', () => this.draw());
	}

	show(model) {
		this.model = model;
		this.draw();
	}

	draw() {
		if (!this.model) return;
		const items = this.model.items.filter(item => !this.faults.checked || item.kind === 'episode' || item.kind === 'restart').reverse();
		byId('no-events').hidden = items.length > 0;
		this.more.hidden = items.length <= this.shown;
		text(this.more, `Show more (${items.length - this.shown} older)`);
		keyed(this.list, items.slice(0, this.shown), item => item.key, make, update);
	}

	tick() {
		for (const row of this.list.children) if (row.item.end === null) update(row, row.item);
	}
}

function make(item) {
	const time = el('time'), what = el('span', { class: 'what' }), child = el('span', { class: 'name' }), words = el('span'), end = el('span', { class: 'end' }), detail = el('span', { class: 'detail' });
	what.append(child, ' ', words);
	const row = el('li', { tabindex: -1 }, icon('note'), time, what, end, detail);
	row.parts = [time, child, words, end, detail];
	row.item = item;
	return row;
}

function update(row, item) {
	row.item = item;
	const [time, child, words, end, detail] = row.parts;
	const shape = item.kind !== 'episode' ? shapeOf(item) : item.end === null ? 'bad' : item.over ? 'stop' : 'ok';
	row.className = item.kind;
	setIcon(row, shape);
	text(time, clock(item.at));
	time.dateTime = new Date(item.at).toISOString();
	text(child, item.child ?? item.network ?? '').title = child.textContent;
	text(words, sentence(item));
	end.className = `end ${shape}`;
	text(end, ending(item));
	text(detail, [item.kind === 'episode' && item.network, item.detail].filter(word => word && !words.textContent.includes(word)).join(': '));
}

function sentence(item) {
	if (item.kind === 'restart') return 'foster restarted';
	if (item.kind !== 'episode') return item.text;
	const said = [...new Set(item.texts.map(t => t.replace(/^(fault|not whole yet): /, '')))];
	return said.length ? said.join('; ') : `fault: ${item.cause}`;
}

function ending(item) {
	if (item.kind !== 'episode') return '';
	if (item.end === null) return `not whole for ${span(seen() - item.at, seen() - item.at > 60000)}`;
	if (item.over) return 'no recovery was seen';
	return `${did(item.did)} in ${span(item.down)}${item.attempts > 1 ? `, ${count(item.attempts, 'attempt', 'attempts')}` : ''}`;
}
