// The list of the children: one is chosen, as a tab is. Arrow keys, Home and
// End move between them; a field and a switch show fewer.

import { attr, byId, el, icon, keyed, setIcon, text } from './dom.js';
import { condition } from './words.js';
import { count, moment, seen, span } from './time.js';

const FILTER_FROM = 8; // children

export class Children {
	constructor(chosen) {
		this.list = byId('child-list');
		this.filter = byId('child-filter');
		this.ailing = byId('child-ailing');
		this.onChosen = chosen;
		this.chosen = null;
		this.rows = new Map();
		this.filter.addEventListener('input', () => this.narrow());
		this.ailing.addEventListener('change', () => this.narrow());
		this.list.addEventListener('click', event => this.choose(event.target.closest('[role=tab]')));
		this.list.addEventListener('keydown', event => this.key(event));
	}

	show(children) {
		this.all = children;
		if (!children.some(child => child.name === this.chosen)) this.chosen = (children.find(child => !child.whole && child.phase !== 'completed') ?? children[0])?.name ?? null;
		byId('child-tools').hidden = children.length < FILTER_FROM;
		byId('children').classList.toggle('alone', children.length === 1);
		this.draw();
	}

	narrow() {
		this.draw();
		this.onChosen(); // whose tab may have gone, or come
	}

	draw() {
		const wanted = this.filter.value.trim().toLowerCase();
		const shown = this.all.filter(child => (!wanted || `${child.name} ${child.container_name} ${child.image}`.toLowerCase().includes(wanted)) &&
			(!this.ailing.checked || !child.whole && child.phase !== 'completed'));
		text(byId('child-count'), shown.length === this.all.length ? count(shown.length, 'child', 'children') : `${shown.length} of ${count(this.all.length, 'child', 'children')}`);
		byId('child-none').hidden = shown.length > 0;
		const focused = [...this.list.children].indexOf(document.activeElement);
		keyed(this.list, shown, child => child.name, make, (row, child) => this.update(row, child));
		// One of the tabs is always to be reached with Tab.
		const tabs = [...this.list.children];
		if (tabs.length && !tabs.some(tab => tab.tabIndex === 0)) tabs[0].tabIndex = 0;
		// The focus of one that goes is its neighbour's.
		if (focused >= 0 && !this.list.contains(document.activeElement)) (tabs[Math.min(focused, tabs.length - 1)] ?? this.ailing).focus();
	}

	update(row, child) {
		const chosen = child.name === this.chosen;
		attr(row, 'aria-selected', chosen);
		attr(row, 'tabindex', chosen ? 0 : -1);
		if (row.child === child) return;
		row.child = child;
		const [words, shape] = condition(child);
		const up = child.attachments.filter(a => a.state === 'attached').length, all = child.attachments.length;
		const [name, phase, since, more] = row.parts;
		setIcon(row, shape);
		text(name, child.name);
		name.title = child.name;
		text(phase, words);
		phase.className = `phase-word ${shape}`;
		row.since = moment(child.started) ?? moment(child.since);
		row.tick();
		const restarts = count(child.restarts, 'restart', 'restarts'), nets = all ? `${up}/${all} ${all === 1 ? 'network' : 'networks'}` : 'no networks';
		text(more, `${restarts} · ${nets}`);
		attr(row, 'aria-label', `${child.name}: ${words}, ${child.whole ? 'whole' : 'not whole'}, ${restarts}, ${up} of ${count(all, 'network', 'networks')} attached`);
	}

	tick() {
		for (const row of this.list.children) row.tick();
	}

	choose(row) {
		if (!row) return;
		this.chosen = row.child.name;
		this.draw();
		this.onChosen();
	}

	key(event) {
		const rows = [...this.list.children], at = rows.indexOf(document.activeElement);
		const to = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: rows.length - 1 }[event.key];
		if (at < 0 || to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
		event.preventDefault();
		const row = rows[(to + rows.length) % rows.length];
		this.choose(row);
		row.focus();
		row.scrollIntoView({ block: 'nearest' });
	}
}

function make() {
	const name = el('span', { class: 'name' }), phase = el('span'), since = el('span', { class: 'since' }), more = el('span', { class: 'more' });
	const row = el('div', { role: 'tab', id: `tab-${++made}`, 'aria-controls': 'detail' }, icon('busy'), name, phase, since, more);
	row.parts = [name, phase, since, more];
	row.tick = () => text(since, row.since ? span(seen() - row.since, true) : '');
	return row;
}

let made = 0; // tabs so far, for their ids
