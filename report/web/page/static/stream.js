// The event stream of the server. A browser's EventSource comes back by itself
// from most ends of a connection, and tells the server what it has seen; on an
// answer that is no stream (a proxy's 502) it gives up, so this one goes on.
// A connection that died without a word is noticed by its silence.

const FIRST_RETRY = 1000, LONGEST_RETRY = 15000; // ms
const SILENCE = 60000; // ms; an idle project has nothing to say either

export class Stream {
	// on.status(status), on.entry(instance, entry), on.live(), on.lost().
	constructor(url, on) {
		this.url = url;
		this.on = on;
		this.failures = 0;
		this.lastHeard = 0;
		addEventListener('online', () => this.wake());
		document.addEventListener('visibilitychange', () => document.hidden || this.wake());
		setInterval(() => this.listen(), SILENCE / 4);
		this.open();
	}

	open() {
		clearTimeout(this.timer);
		this.source?.close();
		const source = this.source = new EventSource(this.url);
		const take = (name, give) => source.addEventListener(name, event => {
			this.lastHeard = performance.now();
			give(JSON.parse(event.data), event.lastEventId);
		});
		take('status', status => {
			this.failures = 0;
			this.on.live();
			this.on.status(status);
		});
		take('entry', (entry, id) => this.on.entry(id.slice(0, id.lastIndexOf('-')), entry));
		source.onerror = () => {
			this.on.lost();
			if (source.readyState === EventSource.CLOSED) this.retry();
		};
	}

	retry() {
		const most = Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** this.failures++);
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.open(), most * (0.5 + Math.random() / 2));
	}

	// wake: the network is back, or somebody looks again.
	wake() {
		if (this.source.readyState !== EventSource.OPEN) {
			this.failures = 0;
			this.open();
		} else this.listen();
	}

	listen() {
		if (this.source.readyState !== EventSource.OPEN || performance.now() - this.lastHeard < SILENCE) return;
		this.lastHeard = performance.now();
		this.open();
	}
}
