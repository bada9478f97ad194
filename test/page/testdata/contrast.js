// The texts of the page whose contrast to what is behind them is too small:
// below 4.5, or 3 for large ones (WCAG 2.2, 1.4.3). Half-transparent grounds
// are laid over each other, what is stale has less colour; texts in drawings stand on the shape before them.
(() => {
  const parse = s => {
    const m = s.match(/rgba?\(([\d.]+)[, ]+([\d.]+)[, ]+([\d.]+)(?:[,/ ]+([\d.]+))?\)/);
    if (!m) throw new Error(`unknown colour ${s}`);
    return [+m[1], +m[2], +m[3], m[4] === undefined ? 1 : +m[4]];
  };
  const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3]));
  const luminance = c => {
    const [r, g, b] = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  // filtered is a colour as the filters of a node's ancestors leave it.
  const filtered = (node, colour) => {
    let c = colour;
    for (let n = node; n; n = n.parentElement) {
      const { filter } = getComputedStyle(n);
      if (filter === 'none') continue;
      const s = +filter.match(/^saturate\(([\d.]+)\)$/)[1], grey = [0.213, 0.715, 0.072].reduce((sum, part, i) => sum + part * c[i], 0);
      c = c.map(v => Math.max(0, Math.min(255, grey + s * (v - grey))));
    }
    return c;
  };
  const ground = node => {
    const layers = [];
    for (let n = node; n; n = n.parentElement) {
      const box = n.matches('g.phase') && n.querySelector('rect');
      const fill = box ? getComputedStyle(box).fill : n.ownerSVGElement || n.tagName === 'svg' ? null : getComputedStyle(n).backgroundColor;
      if (fill && fill !== 'none') layers.push(parse(fill));
    }
    let under = parse(getComputedStyle(document.body).backgroundColor).slice(0, 3);
    for (const layer of layers.reverse()) under = over(layer, under);
    return under;
  };
  const bad = [], seen = new Set();
  let measured = 0;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = walk.nextNode());) {
    const node = text.parentElement;
    if (!text.data.trim() || ['TITLE', 'title', 'desc', 'SCRIPT', 'NOSCRIPT'].includes(node.tagName) || node.closest('.hidden, .symbols, noscript') || !node.getClientRects().length) continue;
    const style = getComputedStyle(node), inside = node.ownerSVGElement;
    const ink = parse(inside ? style.fill : style.color), under = ground(node), size = parseFloat(style.fontSize);
    const least = size >= 24 || size >= 18.66 && +style.fontWeight >= 700 ? 3 : 4.5;
    const got = contrast(filtered(node, over(ink, under)), filtered(node, under));
    measured++;
    const where = `${node.closest('[id]')?.id ?? ''} ${node.tagName.toLowerCase()}.${node.getAttribute('class') ?? ''}`;
    if (got < least && !seen.has(where)) {
      seen.add(where);
      bad.push(`${where} "${text.data.trim().slice(0, 30)}": ${got.toFixed(2)}`);
    }
  }
  return { measured, bad };
})()
