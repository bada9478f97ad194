// What is known: the newest status, and the past as episodes. An episode is
// one fault of a child up to its recovery; every other entry stands for itself.

import { moment } from './time.js';

const KEPT = 1000; // items of the past
const TEXTS = 8; // of one fault: the first, and the newest
const INSTANCES = 16; // whose entries are known again

export class Model {
	status = null;
	items = []; // oldest first: episodes, single entries, restarts of foster
	gaps = []; // {from, to}: times of which nothing is known; the last may be open
	newest = new Map(); // instance -> number of its newest entry
	open = new Map(); // child -> its newest episode
	instance = null;
	restarts = 0; // a foster may come back after another: its instance is no key

	// take makes a status the present. It says whether foster is another one.
	take(status) {
		const another = this.instance !== null && this.instance !== status.foster.instance;
		if (another) this.restarted(moment(status.foster.started));
		this.instance = status.foster.instance;
		this.status = status;
		this.known(moment(status.now));
		this.settle();
		return another;
	}

	// settle ends the faults that were told, and that the status has no more. A
	// recovery that is told later says how.
	settle() {
		for (const child of this.status?.children ?? []) {
			const episode = this.open.get(child.name);
			if (episode?.end === null && !child.fault && episode.seq <= this.status.seq) Object.assign(episode, { end: moment(this.status.now), over: true });
		}
	}

	// restarted: what was open then has no end that anybody saw.
	restarted(at) {
		for (const episode of this.open.values()) if (episode.end === null) Object.assign(episode, { end: at, over: true });
		this.open.clear();
		this.push({ key: `restart-${++this.restarts}`, kind: 'restart', at });
	}

	// unknown: from now on nothing is known, until known.
	unknown(at) {
		const last = this.gaps.at(-1);
		if (this.status && last?.to !== null) this.gaps = [...this.gaps.slice(-KEPT), { from: at, to: null }];
	}

	known(at) {
		const last = this.gaps.at(-1);
		if (last && last.to === null) last.to = Math.max(at, last.from);
	}

	// add takes one entry. It says whether it is new: a server that is asked
	// again sends again.
	add(instance, entry) {
		if (entry.seq <= (this.newest.get(instance) ?? 0)) return false;
		this.newest.delete(instance); // the oldest key is the one that is silent for longest
		this.newest.set(instance, entry.seq);
		if (this.newest.size > INSTANCES) this.newest.delete(this.newest.keys().next().value);
		const key = `${instance}-${entry.seq}`, at = moment(entry.at);
		if (entry.kind === 'fault' || entry.kind === 'relapse' && this.open.has(entry.child)) this.fault(key, at, entry);
		else if (entry.kind === 'recovered') this.recovered(key, at, entry);
		else this.push({ ...entry, key, at });
		return true;
	}

	fault(key, at, entry) {
		const last = this.open.get(entry.child);
		if (last && (last.end === null || entry.kind === 'relapse')) {
			if (!last.texts.includes(entry.text)) last.texts.push(entry.text);
			if (last.texts.length > TEXTS) last.texts.splice(1, 1);
			last.seq = entry.seq;
			return;
		}
		const episode = { key, kind: 'episode', child: entry.child, at, end: null, seq: entry.seq, cause: entry.cause, texts: [entry.text], network: entry.network, detail: entry.detail };
		this.open.set(entry.child, episode);
		this.push(episode);
	}

	recovered(key, at, entry) {
		const start = at - (entry.down_ms ?? 0);
		let episode = this.open.get(entry.child);
		if (!episode || episode.end !== null && !episode.over) {
			// Its fault is no longer in the server's history.
			episode = { key, kind: 'episode', child: entry.child, at: start, seq: entry.seq, cause: entry.cause, texts: [] };
			this.push(episode);
		}
		Object.assign(episode, { at: start, end: at, over: false, did: entry.did, attempts: entry.attempt, down: entry.down_ms ?? 0 });
		this.open.delete(entry.child);
	}

	push(item) {
		this.items.push(item);
		if (this.items.length > KEPT) this.items.splice(Math.max(0, this.items.findIndex(old => old.end !== null)), 1); // what is open stays
	}

	// bars are the episodes, and the open faults that no entry has told of.
	bars() {
		const bars = this.items.filter(item => item.kind === 'episode');
		for (const child of this.status?.children ?? []) {
			if (child.fault && this.open.get(child.name)?.end !== null) bars.push({ key: `open-${child.name}`, kind: 'episode', child: child.name, at: moment(child.fault.at), end: null, cause: child.fault.cause, texts: [] });
		}
		return bars;
	}
}
