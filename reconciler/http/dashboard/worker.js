// One worker: by whom it is drained and why it is set aside, if it is, and what is on it.
import {drained_words} from './attention.js';
import {el, fill} from './dom.js';
import {list_of} from './job.js';
import {count} from './words.js';

export class WorkerView {
  constructor(world, worker) {
    this.worker = worker;
    this.title = worker;
    this.node = el('div', {class: 'view'});
  }

  update({fleet, status}) {
    const cells = [...fleet.of_worker(this.worker)];
    const aside = fleet.set_aside.get(this.worker);
    const drained = (status?.drained ?? []).find((one) => one.worker === this.worker);
    const told = JSON.stringify([cells.map((cell) => cell.look), aside, drained]);
    if (told === this.told) return;
    this.told = told;
    fill(this.node,
      drained && el('p', {class: 'notice', 'data-tone': 'warn'}, el('b', {}, 'Drained '), drained_words(drained)),
      aside && el('p', {class: 'notice', 'data-tone': 'warn'}, el('b', {}, `Set aside: ${aside.condition}. `), aside.detail,
        ' Nothing is done there and nothing is taken back; it is tried again by itself.'),
      cells.length ? [el('p', {class: 'muted'}, `${count(cells.length, 'allocation')} on this worker`), list_of(cells, (cell) => cell.job)]
        : el('p', {class: 'none'}, 'Nothing of this bucket is on that worker.'));
  }
}
