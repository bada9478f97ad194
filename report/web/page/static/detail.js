// Everything about the chosen child.

import { attr, byId, el, icon, keyed, setIcon, text } from './dom.js';
import { Diagram } from './diagram.js';
import { attachment, cause, condition, did } from './words.js';
import { clock, count, moment, seen, span } from './time.js';

export class Detail {
	constructor() {
		this.panel = byId('detail');
		this.diagram = new Diagram(byId('diagram'));
		this.facts = byId('facts');
		this.nets = byId('attachments');
		this.live = []; // what counts on: [element, words]
	}

	show(child, tab) {
		byId('nothing').hidden = Boolean(child);
		this.panel.hidden = !child;
		if (!child) return;
		attr(this.panel, 'aria-labelledby', tab?.id ?? 'detail-name'); // a filter may hide the tab
		const [words, shape] = condition(child);
		text(byId('detail-name'), child.name).title = child.name;
		const badge = byId('detail-phase');
		badge.className = `badge ${shape}`;
		setIcon(badge, shape);
		text(badge.lastElementChild, words);
		this.live = [];
		this.alarm(child);
		keyed(this.facts, facts(child), fact => fact.label, makeFact, (node, fact) => this.fact(node, fact));
		byId('no-attachments').hidden = child.attachments.length > 0;
		keyed(this.nets, child.attachments, a => a.network, makeNet, updateNet);
		this.diagram.show(child);
		this.tick();
	}

	// alarm: what is wrong at this moment, with its time running.
	alarm(child) {
		const lines = [];
		const fault = moment(child.fault?.at), retry = moment(child.retry);
		if (fault) lines.push({ key: 'fault', shape: 'bad', say: () => `Not whole for ${span(seen() - fault, seen() - fault > 60000)}: ${cause(child.fault.cause)}, ${child.fault.attempts ? `${count(child.fault.attempts, 'attempt', 'attempts')} so far` : 'no attempt yet'}` });
		if (retry) lines.push({ key: 'retry', shape: 'busy', say: () => (retry > seen() ? `Next try in ${span(retry - seen(), retry - seen() > 60000)}, after ${count(child.attempt, 'try', 'tries')}` : 'Next try now') });
		if (child.waits_for) lines.push({ key: 'waits', shape: 'pause', say: () => `Waits for ${child.waits_for}` });
		if (child.holder) lines.push({ key: 'holder', shape: 'pause', say: () => `Its place is held by ${child.holder}` });
		if (child.paused) lines.push({ key: 'paused', shape: 'pause', say: () => 'Somebody paused it; it is left alone' });
		if (child.health === 'unhealthy') lines.push({ key: 'health', shape: 'bad', say: () => 'Its healthcheck gave up' });
		keyed(byId('alarm'), lines, line => line.key, line => el('li', { class: line.shape }, icon(line.shape), el('span')), (node, line) => this.live.push([node.lastElementChild, line.say]));
	}

	fact(node, fact) {
		const value = node.lastElementChild;
		if (fact.say) this.live.push([value, fact.say]);
		else text(value, fact.value);
		attr(value, 'title', fact.title);
		node.className = fact.wide ? 'wide' : '';
	}

	tick() {
		for (const [node, say] of this.live) text(node, say());
	}
}

function facts(child) {
	const started = moment(child.started), since = moment(child.since), last = child.last_recovery;
	const list = [
		started ? { label: 'Up', say: () => span(seen() - started, true), title: `since ${clock(started)}` }
			: { label: 'In this phase', say: () => (since ? span(seen() - since, true) : 'unknown') },
		{ label: 'Health', value: child.health === 'none' ? 'not checked' : child.health },
		{ label: 'Restarts', value: child.restarts },
		{ label: 'Faults', value: child.faults },
	];
	if (child.attempt > 1) list.push({ label: 'Tries in a row', value: child.attempt });
	if (child.faults && child.exit_code) list.push({ label: 'Last exit code', value: child.exit_code });
	list.push({ label: 'Container', value: child.container ? `${child.container_name} (${child.container.slice(0, 12)})` : child.container_name || 'none', title: child.container || null, wide: true });
	if (child.image) list.push({ label: 'Image', value: child.image, title: child.image, wide: true });
	if (last) list.push({ label: 'Last recovery', value: `${cause(last.cause)}, ${did(last.did)} in ${span(last.down_ms ?? 0)}, at ${clock(moment(last.at))}`, wide: true });
	return list;
}

const makeFact = fact => el('div', null, el('dt', null, fact.label), el('dd'));

const makeNet = () => el('li', null, icon('busy'), el('span', { class: 'name' }), el('span', { class: 'quiet' }));

function updateNet(node, a) {
	const [words, shape] = attachment(a.state), [, name, state] = node.children;
	setIcon(node, shape);
	text(name, a.network).title = a.network;
	text(state, a.holder ? `${words}, held by ${a.holder}` : words);
}
