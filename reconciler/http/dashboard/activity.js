// What happens while the page is open, newest first.
import {el} from './dom.js';
import {clock, took} from './words.js';

const MOST_LINES = 60;

export function add_activity(section, events) {
  const list = section.querySelector('ol');
  section.querySelector('.none').hidden = true;
  list.prepend(...events.slice(-MOST_LINES).reverse().map(([kind, event]) => line(kind, event)));
  while (list.children.length > MOST_LINES) list.lastChild.remove();
}

function line(kind, event) {
  const where = event.job && event.worker ? `${event.job}@${event.worker}` : event.job || event.worker || '';
  const what = [event.action, event.outcome, event.reason, event.duration_ms ? took(event.duration_ms) : ''].filter(Boolean).join(', ');
  // The sentence of an operation's begin says again what stands here.
  const text = kind === 'operation_begun' ? '' : String(event.text ?? '').split('\n')[0];
  return el('li', {}, el('time', {datetime: event.at}, clock(event.at)), ' ', el('b', {}, String(kind).replaceAll('_', ' ')), ' ', where,
    what && ` ${what}`, text && el('span', {class: 'muted'}, ` ${text}`));
}
