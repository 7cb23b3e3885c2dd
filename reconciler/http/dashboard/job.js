// One job on all of its workers, and the orders that are given for a whole job.
import {el, fill, link, pill, prose, shape} from './dom.js';
import {cell_hash, ways_on} from './attention.js';
import {FACES, because, count, run_words, short, tone_of_run} from './words.js';

const MOST_LISTED = 200;

export class JobView {
  constructor(world, job) {
    this.job = job;
    this.title = job;
    this.node = el('div', {class: 'view'});
  }

  update({fleet, orders, status}) {
    const cells = [...fleet.of_job(this.job)];
    const run = fleet.runs.get(this.job);
    const stands = [...status.suspended ?? [], ...status.pinned ?? []].some((one) => one.job === this.job);
    const told = JSON.stringify([cells.map((cell) => cell.look), run, stands, orders.allowed]);
    if (told === this.told) return;
    this.told = told;
    if (!cells.length && !run) {
      fill(this.node, el('p', {class: 'none'}, 'The fleet has no such job.'));
      return;
    }
    const versions = new Map();
    for (const cell of cells) {
      const version = cell.allocation?.version || 'not there yet';
      versions.set(version, (versions.get(version) ?? 0) + 1);
    }
    fill(this.node,
      run && el('p', {class: 'run-line'}, pill(tone_of_run(run.state), run_words(run.state)), run.batches > 0 && ` batch ${run.batch} of ${run.batches}`,
        run.total > 0 && ` · ${run.done} of ${run.total} done`),
      run && run.reason !== 'Unchanged' && el('p', {class: 'notice', 'data-tone': tone_of_run(run.state)},
        el('code', {class: 'reason'}, run.reason), prose(because(run.reason, run.detail))),
      el('dl', {class: 'facts'},
        el('div', {}, el('dt', {}, 'Allocations'), el('dd', {}, count(cells.length, 'allocation'))),
        el('div', {}, el('dt', {}, 'Versions'), el('dd', {}, [...versions].map(([version, n]) => `${version} × ${n}`).join(', '))),
        run?.commit && el('div', {}, el('dt', {}, 'Commit'), el('dd', {}, link(`#commit/${encodeURIComponent(run.commit)}`, short(run.commit), {class: 'id'})))),
      orders.buttons([...ways_on(this.job, run?.reason), ['rollback', {job: this.job}],
        [stands ? 'resume' : 'suspend', {job: this.job}]], 'job view'),
      el('h3', {}, 'Workers'),
      list_of(cells, (cell) => cell.worker));
  }
}

// Allocations as a list of links, each with its state.
export function list_of(cells, name) {
  const items = cells.slice(0, MOST_LISTED).map((cell) => el('li', {}, link(cell_hash(cell), [
    el('span', {class: 'face', 'data-tone': FACES[cell.face].tone}, shape(cell.face)), el('span', {class: 'grow'}, name(cell)),
    el('span', {class: 'muted'}, cell.allocation?.version), el('span', {class: 'muted'}, FACES[cell.face].words)])));
  if (cells.length > MOST_LISTED) items.push(el('li', {class: 'muted'}, `and ${cells.length - MOST_LISTED} more`));
  return el('ul', {class: 'places'}, items);
}
