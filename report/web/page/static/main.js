// The page: what is known, and who draws which part of it.

import { Axis } from './axis.js';
import { Children } from './children.js';
import { Detail } from './detail.js';
import { Model } from './model.js';
import { Recoveries } from './recoveries.js';
import { Stream } from './stream.js';
import { Timeline } from './timeline.js';
import { byId, setIcon, text } from './dom.js';
import { cause, did, verdict } from './words.js';
import { clock, count, moment, now, seen, setClock, setLost, span } from './time.js';

const model = new Model();
const children = new Children(() => showChild());
const detail = new Detail();
const timeline = new Timeline();
const axis = new Axis(byId('axis'), byId('windows'));
const recoveries = new Recoveries();
const parts = new Map(); // child -> as it was last shown, and as text

let loaded = null; // the version of foster that the page is of
let lostAt = null; // the connection; null while there is one
let newsFrom = 0; // entries up to here were there before somebody looked
let pending = false; // a drawing of the timeline

new Stream('events', {
	status(status) {
		const first = model.status === null;
		loaded ??= status.foster.version;
		byId('other').hidden = status.schema === 1 && status.foster.version === loaded;
		if (status.schema !== 1) return;
		setClock(moment(status.now));
		const another = model.take(status);
		if (first) newsFrom = status.seq;
		if (another) newsFrom = 0;
		show(status);
	},
	entry(instance, entry) {
		if (!model.add(instance, entry)) return;
		if (entry.seq > newsFrom) announce(entry);
		showTimeline();
	},
	live() {
		if (lostAt !== null && model.status) say('Connected again.');
		setLost(lostAt = null);
		showLink();
	},
	lost(heard) {
		if (lostAt === null) {
			setLost(lostAt = now() - (Date.now() - heard));
			model.unknown(lostAt);
			if (model.status) say('Not connected: foster cannot be reached.');
		}
		showLink();
	},
});

function show(status) {
	// What did not change keeps its identity, so that nobody draws it again.
	status.children = status.children.map(child => {
		const as = JSON.stringify(child), was = parts.get(child.name);
		if (was?.as === as) return was.child;
		parts.set(child.name, { as, child });
		return child;
	});
	const [words, shape] = verdict(status.health.state);
	showTitle();
	text(byId('project'), status.project).title = status.project;
	byId('verdict').className = `verdict ${shape}`;
	setIcon(byId('verdict'), shape);
	text(byId('engine'), `API ${status.engine.api}, ${status.engine.stream ? 'events arrive' : 'no events'}`).className = status.engine.stream ? '' : 'warn';
	byId('elder').hidden = !status.elder;
	text(byId('elder'), status.elder ? `Another foster has this project: ${status.elder.slice(0, 12)}. This one waits for its end.` : '');
	const whole = status.children.filter(child => child.whole || child.phase === 'completed').length;
	for (const [id, value] of Object.entries({
		'verdict-words': words, reason: status.health.reason, version: status.foster.version,
		healthy: status.health.healthy ? 'healthy for Swarm' : 'not healthy for Swarm',
		'n-whole': `${whole}/${status.children.length}`, 'n-faults': status.children.reduce((n, child) => n + child.faults, 0),
		'n-recoveries': status.recoveries.count, 'n-median': status.recoveries.count ? span(status.recoveries.p50_ms) : '–',
	})) text(byId(id), value);
	const missing = status.networks.filter(net => net.state !== 'present');
	byId('networks').hidden = !missing.length;
	text(byId('networks'), `Networks: ${missing.map(net => `${net.name} is ${net.state}`).join(', ')}`);
	children.show(status.children);
	showChild();
	recoveries.show(status.recoveries);
	showTimeline();
	tick();
}

function showChild() {
	detail.show(model.status.children.find(child => child.name === children.chosen), byId('child-list').querySelector('[aria-selected=true]'));
}

// showTimeline draws once for everything that comes at once.
function showTimeline() {
	if (pending) return;
	pending = true;
	requestAnimationFrame(() => {
		pending = false;
		model.settle();
		timeline.show(model);
		axis.show(model);
	});
}

// showTitle: the title is all that is seen of a page in the background.
function showTitle() {
	const { status } = model;
	if (status) document.title = `${lostAt === null ? '' : 'Not connected: '}${verdict(status.health.state)[0]}: ${status.project} – foster`;
}

function showLink() {
	showTitle();
	const link = byId('link'), stale = lostAt !== null;
	link.className = `link ${stale ? 'bad' : 'ok'}`;
	setIcon(link, stale ? 'bad' : 'ok');
	text(byId('link-words'), stale ? (model.status ? 'not connected' : 'connecting') : 'live');
	document.body.classList.toggle('stale', stale && model.status !== null);
	byId('stale').hidden = !stale || model.status === null;
	if (stale && model.status) text(byId('stale-words'), `foster cannot be reached. This is how it was at ${clock(lostAt)}, ${span(now() - lostAt, true)} ago. The page comes back by itself.`);
}

// say tells it to who listens, even what was said just before.
const say = words => { byId('news').textContent = words; };

// announce tells faults and recoveries to who listens; what comes within a
// moment is told together.
let news = [];
function announce(entry) {
	if (entry.kind !== 'fault' && entry.kind !== 'recovered') return;
	news.push(entry);
	if (news.length > 1) return;
	setTimeout(() => {
		const faults = news.filter(e => e.kind === 'fault').length, words = news.slice(-2).map(e => (e.kind === 'fault' ? `Fault: ${e.child}: ${cause(e.cause)}.` : `${e.child} recovered: ${did(e.did)} in ${span(e.down_ms ?? 0)}.`));
		if (news.length > 2) words.unshift(`${count(faults, 'fault', 'faults')}, ${count(news.length - faults, 'recovery', 'recoveries')}.`);
		say(words.join(' '));
		news = [];
	}, 400);
}

function tick() {
	if (!model.status || document.hidden) return;
	const started = moment(model.status.foster.started);
	text(byId('uptime'), started ? span(seen() - started, true) : '–');
	children.tick();
	detail.tick();
	if (lostAt !== null) showLink();
}

// Each second the axis moves on. What is broken counts faster, where motion is welcome.
setInterval(() => {
	tick();
	if (!document.hidden && model.status) {
		axis.redraw();
		timeline.tick();
	}
}, 1000);
if (!matchMedia('(prefers-reduced-motion: reduce)').matches) setInterval(() => document.hidden || detail.tick(), 100);
