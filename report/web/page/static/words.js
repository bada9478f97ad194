// What the words of the status document mean to a reader: a sentence, a shape
// and a tone. A word that is not here is shown as it is; nothing is found that
// every object has.

const table = words => Object.assign(Object.create(null), words);

// verdicts: the states of health.state.
const verdicts = table({
	whole: ['Whole', 'ok', 'ok'], completed: ['Completed', 'ok', 'ok'], ignored: ['Unhealthy, ignored', 'warn', 'warn'],
	paused: ['Paused', 'pause', 'idle'], held: ['Held', 'pause', 'idle'], away: ['Away', 'pause', 'idle'], standby: ['Standing by', 'pause', 'idle'],
	checking: ['Recovered, being checked', 'busy', 'busy'], tolerated: ['Unhealthy, tolerated', 'warn', 'warn'], ending: ['Recovering', 'busy', 'busy'],
	awaiting: ['Waiting', 'pause', 'idle'], unstable: ['Unstable', 'warn', 'warn'], aborting: ['Giving up', 'bad', 'bad'],
	starting: ['Starting', 'busy', 'busy'], recovering: ['Recovering', 'busy', 'busy'],
	degraded: ['Degraded', 'warn', 'warn'], backoff: ['Backing off', 'warn', 'warn'],
	unhealthy: ['Unhealthy', 'bad', 'bad'], stopping: ['Stopping', 'stop', 'idle'],
});
export const verdict = state => entry(verdicts[state] ?? [state]);

// attachments: the states of a child's endpoints.
const attachments = table({
	attached: ['attached', 'ok', 'ok'], attaching: ['attaching', 'busy', 'busy'], suspect: ['being looked at', 'busy', 'busy'],
	missing: ['missing', 'warn', 'warn'], unavailable: ['cannot be attached', 'bad', 'bad'],
});
export const attachment = state => entry(attachments[state] ?? [state]);

const causes = table({
	died: 'died', oom: 'ran out of memory', stopped: 'stopped by hand', removed: 'removed', disconnected: 'cut off a network',
	unhealthy: 'healthcheck gave up', 'parent-down': 'followed container down', 'owner-recreated': 'owner is another container',
	'owner-down': 'owner does not run', 'spec-changed': 'other configuration', 'start-given-up': 'start not finished',
	'parent-recreated': 'followed container is another one',
});
export const cause = c => causes[c] ?? c;

const dids = table({
	nothing: 'came back by itself', recreated: 'made anew', reattached: 'connected again', 'recreated+reattached': 'made anew and connected again',
});
export const did = d => dids[d] ?? d;

// of single entries of the timeline, by their kind or else their level.
const shapes = table({
	error: ['bad', 'bad'], warn: ['warn', 'warn'], restart: ['restart', 'idle'],
	launched: ['ok', 'ok'], healed: ['ok', 'ok'], overcome: ['ok', 'ok'], adopted: ['ok', 'ok'],
});
export const shape = item => shapes[item.kind] ?? shapes[item.level] ?? ['note', 'idle'];

// of how a child is: its phase, unless something else says more.
export function condition(child) {
	if (child.phase === 'running' && child.paused) return ['running, paused', 'pause', 'idle'];
	if (child.phase === 'running' && child.health === 'unhealthy') return ['running, unhealthy', 'bad', 'bad'];
	if (child.phase === 'running' && child.whole) return ['running', 'ok', 'ok'];
	if (child.phase === 'running') return [child.health === 'starting' ? 'running, starting up' : 'running, not whole', 'warn', 'warn'];
	if (child.phase === 'completed') return ['completed', 'ok', 'ok'];
	if (['held', 'gone', 'unknown'].includes(child.phase)) return [child.phase, 'pause', 'idle'];
	if (child.phase === 'waiting') return ['waiting', 'warn', 'warn'];
	if (['dead', 'removing', 'stopping', 'settling'].includes(child.phase)) return [child.phase, 'bad', 'bad'];
	return [child.phase, 'busy', 'busy'];
}

const entry = ([words, shape = 'busy', tone = 'idle']) => ({ words, shape, tone });
