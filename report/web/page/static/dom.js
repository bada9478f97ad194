// Making and changing elements. Names, details and everything else that comes
// from the server goes in as text, never as markup.

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, props, children) {
	for (const [name, value] of Object.entries(props ?? {})) {
		if (value === true) node.setAttribute(name, '');
		else if (value !== false && value != null) node.setAttribute(name, String(value));
	}
	for (const child of children) if (child != null) node.append(child); // strings become text nodes
	return node;
}

// el makes an HTML element, svg one of a drawing.
export const el = (tag, props, ...children) => fill(document.createElement(tag), props, children);
export const svg = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);

export const byId = id => document.getElementById(id);

// icon is one of the symbols in index.html; words beside it say the same.
export const icon = (name, kind = '') =>
	svg('svg', { class: `icon ${kind}`, 'aria-hidden': 'true' }, svg('use', { href: `#i-${name}` }));

export function setIcon(holder, name) {
	const use = holder.querySelector('use');
	if (use.getAttribute('href') !== `#i-${name}`) use.setAttribute('href', `#i-${name}`);
}

// text and attr change only what is different, so that nothing is read twice
// to somebody who listens, and no selection is lost.
export function text(node, value) {
	const s = value == null ? '' : String(value);
	if (node.textContent !== s) node.textContent = s;
	return node;
}

export function attr(node, name, value) {
	if (value == null || value === false) node.removeAttribute(name);
	else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value));
	return node;
}

// keyed makes the children of a parent those of the items, in their order, and
// keeps the elements of items that are still there.
export function keyed(parent, items, key, make, update) {
	const old = new Map([...parent.children].map(node => [node.dataset.key, node]));
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
	for (const node of old.values()) node.remove();
}
