// The event stream of the server. A browser's EventSource comes back by itself
// from most ends of a connection, and tells the server what it has seen; on an
// answer that is no stream (a proxy's 502) it gives up, so this one goes on.
// A connection that died without a word is noticed by its silence, one that
// never comes about by the time it takes.

const FIRST_RETRY = 1000, LONGEST_RETRY = 15000; // ms
const PATIENCE = 10000; // ms, until a connection has given the first status
const SILENCE = 40000; // ms; foster says each 15 s that it is alive

export class Stream {
	// on.status(status), on.entry(instance, entry), on.live(), and on.lost(heard):
	// heard is when something was heard last, by this browser's clock.
	constructor(url, on) {
		this.url = url;
		this.on = on;
		this.failures = 0;
		this.heard = Date.now(); // which counts on while a computer sleeps
		addEventListener('online', () => this.wake());
		document.addEventListener('visibilitychange', () => document.hidden || this.wake());
		setInterval(() => this.listen(), SILENCE / 8);
		this.open();
	}

	open() {
		this.source?.close();
		const source = this.source = new EventSource(this.url);
		const take = (name, give) => source.addEventListener(name, event => {
			this.heard = Date.now();
			give(event);
		});
		take('status', event => {
			clearTimeout(this.timer);
			this.failures = 0;
			this.on.live();
			this.on.status(JSON.parse(event.data));
		});
		take('entry', ({ data, lastEventId: id }) => this.on.entry(id.slice(0, id.lastIndexOf('-')), JSON.parse(data)));
		take('alive', () => {});
		source.onerror = () => {
			if (source.readyState === EventSource.CLOSED) return this.fail();
			this.on.lost(this.heard);
			this.expect();
		};
		this.expect();
	}

	// expect bounds the wait for the first status of a connection.
	expect() {
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.fail(), PATIENCE);
	}

	// fail gives a connection up; the next comes after a pause.
	fail() {
		this.source.close();
		this.on.lost(this.heard);
		const most = Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** this.failures++);
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.open(), most * (0.5 + Math.random() / 2));
	}

	// wake: the network is back, or somebody looks again.
	wake() {
		if (this.source.readyState === EventSource.OPEN) return this.listen();
		this.failures = 0;
		this.open();
	}

	listen() {
		if (this.source.readyState === EventSource.OPEN && Date.now() - this.heard >= SILENCE) this.fail();
	}
}
