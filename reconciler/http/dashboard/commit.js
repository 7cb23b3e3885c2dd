// One commit: what came of it in each pass, and its note.
import {el, fill, pill} from './dom.js';
import {get} from './api.js';
import {when} from './summary.js';
import {short, state_words, tone_of_state, took} from './words.js';

export class CommitView {
  constructor(world, commit) {
    this.commit = commit;
    this.title = `Commit ${short(commit)}`;
    this.passes = el('div', {});
    this.note = el('div', {}, el('p', {class: 'muted', role: 'status'}, 'Reading its note…'));
    this.node = el('div', {class: 'view'}, el('p', {}, el('code', {class: 'whole'}, commit)), this.passes, el('h3', {}, 'Note'), this.note);
    this.read();
  }

  async read() {
    try {
      const {note} = await get(`commits/${encodeURIComponent(this.commit)}/note`);
      fill(this.note, note ? el('pre', {class: 'note', tabindex: '0', 'aria-label': 'The git note'}, note) : el('p', {class: 'none'}, 'It has no note.'));
    } catch (error) {
      fill(this.note, el('p', {class: 'error', role: 'alert'}, error.message));
    }
  }

  update({commits, orders, status}) {
    const passes = commits.filter((one) => one.commit === this.commit);
    const told = JSON.stringify([passes, orders.allowed, status.state]);
    if (told === this.told) return;
    if (this.told) this.read();  // its note says more now
    this.told = told;
    const held = passes[0] && ['held', 'refused'].includes(passes[0].state);
    fill(this.passes,
      el('ul', {class: 'passes'}, passes.map((one) => el('li', {}, pill(tone_of_state(one.state), state_words(one.state)), ' ',
        el('time', {datetime: one.finished_at}, when(one.finished_at)), el('span', {class: 'muted'},
          [one.summary, took(new Date(one.finished_at) - new Date(one.started_at))].filter(Boolean).map((words) => ` · ${words}`).join(''))))),
      orders.buttons([['rollback', {to: this.commit}], ...(held ? [['release', {subject: this.commit}]] : [])], 'commit view'));
  }
}
