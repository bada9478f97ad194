// What the words of the status document mean to a reader: a sentence, and the
// icon beside it. A word that is not here is shown as it is; nothing is found that
// every object has.

const table = words => Object.assign(Object.create(null), words);

// verdicts: the states of health.state.
const verdicts = table({
	whole: ['Whole', 'ok'], completed: ['Completed', 'ok'], ignored: ['Unhealthy, ignored', 'warn'],
	paused: ['Paused', 'pause'], held: ['Held', 'pause'], away: ['Away', 'pause'], standby: ['Standing by', 'pause'],
	checking: ['Recovered, being checked', 'busy'], tolerated: ['Unhealthy, tolerated', 'warn'], ending: ['Recovering', 'busy'],
	awaiting: ['Waiting', 'pause'], unstable: ['Unstable', 'warn'], aborting: ['Giving up', 'bad'],
	launching: ['Launching', 'busy'], blind: ['Engine silent', 'warn'],
	starting: ['Starting', 'busy'], recovering: ['Recovering', 'busy'], degraded: ['Degraded', 'warn'], backoff: ['Backing off', 'warn'],
	unhealthy: ['Unhealthy', 'bad'], stopping: ['Stopping', 'stop'],
});
export const verdict = state => verdicts[state] ?? [state, 'busy'];

// attachments: the states of a child's endpoints.
const attachments = table({
	attached: ['attached', 'ok'], attaching: ['attaching', 'busy'], suspect: ['being looked at', 'busy'],
	missing: ['missing', 'warn'], unavailable: ['cannot be attached', 'bad'],
});
export const attachment = state => attachments[state] ?? [state, 'busy'];

const causes = table({
	died: 'died', oom: 'ran out of memory', stopped: 'stopped by hand', removed: 'removed', disconnected: 'cut off a network',
	unhealthy: 'healthcheck gave up', 'parent-down': 'followed container down', 'owner-recreated': 'owner is another container',
	'owner-down': 'owner does not run', 'spec-changed': 'other configuration', 'start-given-up': 'start not finished',
	'parent-recreated': 'followed container is another one', prepare: 'image or volume cannot be had', create: 'cannot be made', start: 'cannot be started',
});
export const cause = c => causes[c] ?? c;

const dids = table({
	nothing: 'came back by itself', recreated: 'made anew', reattached: 'connected again', 'recreated+reattached': 'made anew and connected again',
});
export const did = d => dids[d] ?? d;

// of single entries of the timeline, by their kind or else their level.
const shapes = table({ error: 'bad', warn: 'warn', restart: 'restart', launched: 'ok', healed: 'ok', overcome: 'ok', adopted: 'ok' });
export const shape = item => shapes[item.kind] ?? shapes[item.level] ?? 'note';

// of how a child is: its phase, unless something else says more.
export function condition(child) {
	if (child.phase === 'running' && child.paused) return ['running, paused', 'pause'];
	if (child.phase === 'running' && child.health === 'unhealthy') return ['running, unhealthy', 'bad'];
	if (child.phase === 'running' && child.whole) return ['running', 'ok'];
	if (child.phase === 'running') return [child.health === 'starting' ? 'running, starting up' : 'running, not whole', 'warn'];
	if (child.phase === 'completed') return ['completed', 'ok'];
	if (['held', 'gone', 'unknown'].includes(child.phase)) return [child.phase, 'pause'];
	if (child.phase === 'waiting') return ['waiting', 'warn'];
	if (['dead', 'removing', 'stopping', 'settling'].includes(child.phase)) return [child.phase, 'bad'];
	return [child.phase, 'busy'];
}
