// Elements, made without markup: text of the API is always a text node.

// el('p', {class: 'a', onclick: f, 'aria-label': 'b'}, 'text', child, [children], null)
export function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  add(node, children);
  return node;
}

function add(node, children) {
  for (const child of children) {
    if (child === undefined || child === null || child === false || child === '') continue;
    if (Array.isArray(child)) add(node, child);
    else node.append(child instanceof Node ? child : String(child));
  }
}

// Replaces what is in `node`. When the focus was in it, it goes to what has the same
// `data-key` afterwards, or to `node` itself: it is never lost.
export function fill(node, ...children) {
  const focused = node.contains(document.activeElement) && document.activeElement !== node ? document.activeElement : null;
  const key = focused?.closest('[data-key]')?.dataset.key;
  const open = [...node.querySelectorAll('details[data-key][open]')].map((one) => one.dataset.key);
  node.replaceChildren();
  add(node, children);
  for (const one of node.querySelectorAll('details[data-key]')) {
    if (open.includes(one.dataset.key)) one.open = true;
  }
  if (!focused) return;
  const heir = key && [...node.querySelectorAll('[data-key]')].find((one) => one.dataset.key === key);
  if (heir) {
    (heir.matches('a,button,summary,input') ? heir : heir.querySelector('a,button,summary,input') ?? heir).focus();
  } else {
    if (!node.hasAttribute('tabindex')) node.setAttribute('tabindex', '-1');
    node.focus({preventScroll: true});
  }
}

// A sentence in which `commands` stand between backticks.
export const prose = (text) => String(text ?? '').split('`').map((part, i) => (i % 2 ? el('code', {}, part) : part));

export const shape = (of) => el('span', {class: 'shape', 'data-shape': of, 'aria-hidden': 'true'});

export const pill = (tone, words) => el('span', {class: 'pill', 'data-tone': tone}, words);

export const link = (hash, words, attributes) => el('a', {href: hash, 'data-key': hash, ...attributes}, words);

let toast_timer = 0;
export function toast(words) {
  const node = document.getElementById('toast');
  node.textContent = words;
  node.classList.add('shown');
  clearTimeout(toast_timer);
  toast_timer = setTimeout(() => node.classList.remove('shown'), 8000);
}

// Speaks a sentence to a screen reader; of several in a short time only the last.
let say_timer = 0;
export function say(words) {
  clearTimeout(say_timer);
  say_timer = setTimeout(() => { document.getElementById('said').textContent = words; }, 700);
}
