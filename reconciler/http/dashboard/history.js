// Past passes, newest first; those of one commit that came to the same are one line.
import {el, fill, pill} from './dom.js';
import {ago, short, state_words, tone_of_state, took} from './words.js';
import {when} from './summary.js';

export function show_history(node, commits, head) {
  const lines = [];
  for (const one of commits) {
    const last = lines.at(-1);
    if (last && last.commit === one.commit && last.state === one.state) last.times += 1;
    else lines.push({...one, times: 1});
  }
  fill(node, lines.length ? lines.map((one) => line(one, head)) : el('li', {class: 'none'}, 'No commit was judged yet.'));
}

function line(one, head) {
  const ms = new Date(one.finished_at) - new Date(one.started_at);
  const hash = `#commit/${encodeURIComponent(one.commit)}`;
  return el('li', {}, el('a', {class: 'past', href: hash, 'data-key': `${hash} ${one.id}`},
    el('span', {class: 'past-top'}, el('code', {class: 'id'}, short(one.commit)), pill(tone_of_state(one.state), state_words(one.state)),
      one.commit === head && el('span', {class: 'muted'}, 'head'), el('span', {class: 'grow'}),
      el('time', {class: 'muted', datetime: one.finished_at, title: when(one.finished_at)}, ago(one.finished_at))),
    el('span', {class: 'past-what'}, [one.summary, one.cause && `cause: ${one.cause}`, ms >= 100 ? took(ms) : '', one.times > 1 ? `${one.times} times` : ''].filter(Boolean).join(' · '))));
}
