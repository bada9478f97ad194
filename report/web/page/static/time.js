// Words for moments and durations. Moments are the server's, in milliseconds.

let offset = 0; // what the server's clock is ahead of this one

export const setClock = serverNow => { offset = serverNow - Date.now(); };
export const now = () => Date.now() + offset;

// seen is up to when things are known: now, or when the connection was lost.
let lost = null;
export const setLost = at => { lost = at; };
export const seen = () => lost ?? now();

// moment is the milliseconds of a time as the server writes it, null for none.
export function moment(s) {
	const at = s ? Date.parse(s) : NaN;
	return Number.isNaN(at) || at <= 0 ? null : at;
}

const two = n => String(n).padStart(2, '0');

// span says a duration: 0.83 s, 12.4 s, 3 m 12 s, 2 h 05 m, 4 d 3 h. Where it
// counts on, whole gives it no digits behind the point.
export function span(ms, whole = false) {
	const s = Math.max(0, ms) / 1000;
	if (!whole && s < 9.995) return `${s.toFixed(2)} s`;
	if (!whole && s < 59.95) return `${s.toFixed(1)} s`;
	const n = Math.floor(s);
	if (n < 60) return `${n} s`;
	if (n < 3600) return `${Math.floor(n / 60)} m ${two(n % 60)} s`;
	if (n < 86400) return `${Math.floor(n / 3600)} h ${two(Math.floor(n / 60) % 60)} m`;
	return `${Math.floor(n / 86400)} d ${Math.floor(n / 3600) % 24} h`;
}

// clock is the time of day, with the date where that is not today's.
export function clock(at, seconds = true) {
	const d = new Date(at);
	const time = `${two(d.getHours())}:${two(d.getMinutes())}${seconds ? `:${two(d.getSeconds())}` : ''}`;
	return d.toDateString() === new Date(now()).toDateString() ? time : `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${time}`;
}

export const count = (n, one, many) => `${n} ${n === 1 ? one : many}`;
