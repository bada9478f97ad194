// Making and changing elements. Names, details and everything else that comes
// from the server goes in as text, never as markup.

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, props, children) {
	for (const [name, value] of Object.entries(props ?? {})) {
		if (value != null) node.setAttribute(name, value);
	}
	for (const child of children) if (child != null) node.append(child); // strings become text nodes
	return node;
}

// el makes an HTML element, svg one of a drawing.
export const el = (tag, props, ...children) => fill(document.createElement(tag), props, children);
export const svg = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);

export const byId = id => document.getElementById(id);

// icon is one of the symbols in index.html; its name is its tone too. Words
// beside it say the same.
export const icon = name => svg('svg', { class: `icon ${name}`, 'aria-hidden': 'true' }, svg('use', { href: `#i-${name}` }));

// drawing is an empty one, with a name and a description for who cannot see it.
export function drawing(id, name) {
	const title = svg('title', null, name), desc = svg('desc', { id: `${id}-desc` }), body = svg('g');
	return { title, desc, body, node: svg('svg', { role: 'img', 'aria-describedby': desc.id }, title, desc, body) };
}

// resize gives a drawing its size in pixels.
export function resize(node, width, height) {
	for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` })) node.setAttribute(name, value);
}

// setIcon changes the first icon in a holder.
export function setIcon(holder, name) {
	const use = holder.querySelector('use');
	attr(use, 'href', `#i-${name}`);
	attr(use.parentNode, 'class', `icon ${name}`);
}

// text and attr change only what is different, so that nothing is read twice
// to somebody who listens, and no selection is lost.
export function text(node, value) {
	const s = value == null ? '' : String(value);
	if (node.textContent !== s) node.textContent = s;
	return node;
}

export function attr(node, name, value) {
	if (value == null) node.removeAttribute(name);
	else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value));
	return node;
}

// keyed makes the children of a parent those of the items, in their order, and
// keeps the elements of items that are still there. Those that are not go
// first, so that nothing that stays is moved, and loses the focus by it.
export function keyed(parent, items, key, make, update) {
	const wanted = new Set(items.map(item => String(key(item)))), old = new Map();
	for (const node of [...parent.children]) {
		if (wanted.has(node.dataset.key) && !old.has(node.dataset.key)) old.set(node.dataset.key, node);
		else node.remove();
	}
	let place = parent.firstElementChild;
	for (const item of items) {
		const k = String(key(item));
		let node = old.get(k);
		if (node) old.delete(k);
		else {
			node = make(item);
			node.dataset.key = k;
		}
		update?.(node, item);
		if (node === place) place = place.nextElementSibling;
		else parent.insertBefore(node, place);
	}
}
