// The state diagram of one child: the phases of the core, the present one lit,
// and the way that the child came by. Drawn along a grid, which is turned on
// its side where there is little width.

import { drawing, el, svg, text } from './dom.js';

// Column and row of each phase.
const places = {
	unknown: [0, 0], absent: [1, 0], preparing: [2, 0], creating: [3, 0], created: [4, 0], starting: [5, 0], running: [6, 0],
	held: [0, 1], waiting: [2, 1], removing: [3, 1], dead: [4, 1], stopping: [5, 1], settling: [6, 1], gone: [3, 2], completed: [4, 2],
};

// Ways from phase to phase, along points of the grid; rare ones have no line.
const ways = [
	['unknown', 'absent', [0, 0], [1, 0]], ['absent', 'preparing', [1, 0], [2, 0]], ['preparing', 'creating', [2, 0], [3, 0]],
	['creating', 'created', [3, 0], [4, 0]], ['created', 'starting', [4, 0], [5, 0]], ['starting', 'running', [5, 0], [6, 0]],
	['unknown', 'running', [0, 0], [0, -0.5], [6, -0.5], [6, 0]], ['unknown', 'held', [-0.12, 0], [-0.12, 1]], ['held', 'unknown', [0.12, 1], [0.12, 0]],
	['running', 'dead', [5.82, 0], [5.82, 0.5], [4.12, 0.5], [4.12, 1]], ['running', 'stopping', [5.82, 0], [5.82, 0.5], [5, 0.5], [5, 1]],
	['running', 'settling', [6, 0], [6, 1]], ['settling', 'running', [6.2, 1], [6.2, 0]], ['settling', 'dead', [6, 1], [6, 1.5], [4.2, 1.5], [4.2, 1]],
	['stopping', 'dead', [5, 1], [4, 1]], ['starting', 'dead', [4.88, 0], [4.88, 0.5], [4.12, 0.5], [4.12, 1]], ['dead', 'removing', [4, 1], [3, 1]],
	['dead', 'completed', [4, 1], [4, 2]], ['removing', 'waiting', [3, 1], [2, 1]], ['removing', 'gone', [3, 1], [3, 2]],
	['waiting', 'absent', [2, 1], [0.9, 1], [0.9, 0]], ['removing', 'absent', [3, 1], [3, 0.5], [1.1, 0.5], [1.1, 0]], ['absent', 'creating'],
	['preparing', 'waiting', [2, 0], [2, 1]], ['creating', 'waiting', [2.88, 0], [2.88, 0.4], [2.12, 0.4], [2.12, 1]],
	['unknown', 'dead', [0, 0], [0, -0.5], [4.5, -0.5], [4.5, 0.5], [4.12, 0.5], [4.12, 1]],
	['creating', 'unknown', [3, 0], [3, -0.6], [-0.12, -0.6], [-0.12, 0]], ['starting', 'unknown', [5, 0], [5, -0.6], [-0.12, -0.6], [-0.12, 0]],
	['unknown', 'gone'], ['unknown', 'settling'], ['unknown', 'stopping'], ['preparing', 'absent'], ['preparing', 'gone'], ['creating', 'gone'],
	['absent', 'gone'], ['running', 'waiting'], ['running', 'gone'], ['starting', 'stopping'], ['removing', 'unknown'], ['waiting', 'gone'],
	['completed', 'removing'], ['gone', 'absent'], ['gone', 'preparing'], ['gone', 'creating'], ['gone', 'removing'],
	['settling', 'unknown', [5.82, 1], [5.82, 0.5], [5.5, 0.5], [5.5, -0.6], [-0.12, -0.6], [-0.12, 0]],
];

// Phases that may be over before anybody sees them.
const momentary = new Set(['absent', 'preparing', 'created', 'dead', 'unknown']);

const wide = { cell: [106, 58], node: [90, 30], at: [8 + 45, 36 + 15] };
const tall = { cell: [108, 48], node: [92, 30], at: [22 + 46, 6 + 15] };
const TALL_BELOW = 660; // px

export class Diagram {
	constructor(holder) {
		this.holder = holder;
		this.trail = el('p', { class: 'trail' });
		this.frame = el('div', { class: 'diagram' });
		holder.append(this.frame, this.trail);
		new ResizeObserver(() => this.draw()).observe(holder);
	}

	show(child) {
		this.child = child;
		this.draw();
	}

	draw() {
		if (!this.child) return;
		const shape = this.holder.clientWidth < TALL_BELOW ? 'tall' : 'wide';
		if (shape !== this.shape) this.build(shape);
		const { name, phase, way = [] } = this.child;
		const state = JSON.stringify([name, phase, way]);
		if (state === this.drawn) return;
		this.drawn = state;

		// Only the newest round: from the last time that it stood where it stands.
		const recent = way.slice(Math.max(0, way.lastIndexOf(phase)));
		const visited = [...recent, phase];
		const nodes = new Set(), edges = new Set();
		for (let i = 0; i < visited.length; i++) {
			nodes.add(visited[i]);
			const path = i > 0 ? between(visited[i - 1], visited[i]) : [];
			path.forEach((at, n) => {
				nodes.add(at);
				if (n > 0) edges.add(`${path[n - 1]} ${at}`);
			});
		}
		for (const [at, node] of this.nodes) node.setAttribute('class', `phase${at === phase ? ' lit' : nodes.has(at) ? ' passed' : ''}`);
		for (const [key, edge] of this.edges) {
			const on = edges.has(key);
			edge.setAttribute('class', on ? 'way passed' : 'way');
			edge.setAttribute('marker-end', on ? 'url(#arrow-on)' : 'url(#arrow)');
			if (on) edge.parentNode.append(edge); // over the others
		}
		text(this.drawing.title, `State diagram of ${name}: ${phase}`);
		text(this.drawing.desc, recent.length ? `It came by ${recent.join(', ')}.` : 'It has been in no other phase since foster started.');
		this.trail.replaceChildren(el('span', { class: 'quiet' }, recent.length ? 'Came by ' : 'Phase '), `${recent.map(p => `${p} → `).join('')}`, el('strong', null, phase));
	}

	build(shape) {
		this.shape = shape;
		this.drawn = null;
		const g = shape === 'tall' ? tall : wide;
		const turn = ([x, y]) => (shape === 'tall' ? [y, x] : [x, y]);
		const px = point => turn(point).map((v, i) => g.at[i] + v * g.cell[i]);
		const size = shape === 'tall' ? [22 + 92 + 2 * 108 + 6, 12 + 30 + 6 * 48] : [16 + 90 + 6 * 106, 42 + 30 + 2 * 58];
		this.drawing = drawing('diagram');
		const lines = svg('g'), boxes = svg('g');
		this.edges = ways.filter(([, , ...points]) => points.length).map(([from, to, ...points]) => {
			const edge = svg('path', { d: rounded(trimmed(points.map(px), g.node)) });
			lines.append(edge);
			return [`${from} ${to}`, edge];
		});
		this.nodes = Object.entries(places).map(([phase, place]) => {
			const [x, y] = px(place);
			const node = svg('g', null,
				svg('rect', { x: x - g.node[0] / 2, y: y - g.node[1] / 2, width: g.node[0], height: g.node[1], rx: 8 }),
				svg('text', { x, y: y + 4.5, 'text-anchor': 'middle' }, phase));
			boxes.append(node);
			return [phase, node];
		});
		const arrow = (id, kind) => svg('marker', { id, class: kind, viewBox: '0 0 8 8', refX: 6.5, refY: 4, markerWidth: 7, markerHeight: 7, markerUnits: 'userSpaceOnUse', orient: 'auto' }, svg('path', { d: 'M0 .5 7 4 0 7.5z' }));
		const { node, body } = this.drawing;
		node.setAttribute('viewBox', `0 0 ${size[0]} ${size[1]}`);
		node.setAttribute('class', shape);
		body.append(svg('defs', null, arrow('arrow', 'tip'), arrow('arrow-on', 'tip passed')), lines, boxes);
		this.frame.replaceChildren(node);
	}
}

// between is the shortest way from one phase to another over momentary ones.
function between(from, to) {
	let paths = [[from]];
	for (let steps = 0; steps < 4; steps++) {
		const next = [];
		for (const path of paths) for (const [a, b] of ways) {
			if (a !== path.at(-1)) continue;
			if (b === to) return [...path, b];
			if (momentary.has(b)) next.push([...path, b]);
		}
		paths = next;
	}
	return [];
}

// trimmed ends a line at the borders of the boxes that it joins.
function trimmed(points, [w, h]) {
	const out = points.map(p => [...p]);
	const pull = (end, next, room) => {
		const axis = Math.abs(next[0] - end[0]) > Math.abs(next[1] - end[1]) ? 0 : 1;
		end[axis] += Math.sign(next[axis] - end[axis]) * ([w, h][axis] / 2 + room);
	};
	pull(out[0], points[1], 0);
	pull(out.at(-1), points.at(-2), 2);
	return out;
}

// rounded is a path along points, with round corners.
function rounded(points, radius = 8) {
	let d = `M${points[0]}`;
	for (let i = 1; i < points.length - 1; i++) {
		const [before, corner, after] = points.slice(i - 1, i + 2);
		d += `L${toward(corner, before, radius)}Q${corner} ${toward(corner, after, radius)}`;
	}
	return `${d}L${points.at(-1)}`;
}

function toward(a, b, distance) {
	const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
	const share = Math.min(distance, length / 2) / length;
	return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share];
}
