// One job on one worker: what runs there, what is planned and why, its files and its log.
import {el, fill, link, pill, prose} from './dom.js';
import {Log} from './logs.js';
import {show_files} from './diff.js';
import {versions} from './plan.js';
import {FACES, because, run_words, short} from './words.js';

export class AllocationView {
  constructor(world, job, worker) {
    this.job = job;
    this.worker = worker;
    this.title = `${job} on ${worker}`;
    this.facts = el('div', {});
    this.files = el('div', {class: 'files'});
    const button = el('button', {type: 'button', onclick: () => show_files(this.files, job, worker)}, 'Show what changes in its files');
    this.changes = el('div', {}, el('h3', {}, 'Planned'), this.planned = el('div', {}), button, this.files);
    this.log = new Log(job, worker);
    this.node = el('div', {class: 'view'}, this.facts, this.changes, this.log.node);
  }

  update({fleet}) {
    const cell = fleet.cell(this.job, this.worker);
    this.changes.hidden = !cell?.planned;
    const told = JSON.stringify([cell?.look, cell?.allocation, cell?.planned?.sentence, fleet.runs.get(this.job)?.state]);
    if (told === this.told) return;
    this.told = told;
    if (!cell) {
      fill(this.facts, el('p', {class: 'none'}, 'The fleet has no such allocation.'));
      return;
    }
    const one = cell.allocation ?? {};
    const aside = fleet.set_aside.get(this.worker);
    const run = fleet.runs.get(this.job);
    const fact = (name, ...what) => el('div', {}, el('dt', {}, name), el('dd', {}, what));
    fill(this.facts,
      el('p', {}, pill(FACES[cell.face].tone, FACES[cell.face].words)),
      aside && el('p', {class: 'notice', 'data-tone': 'warn'}, el('b', {}, `Worker set aside: ${aside.condition}. `), aside.detail),
      run && ['held', 'failed', 'waiting'].includes(run.state) && el('p', {class: 'notice', 'data-tone': run.state === 'waiting' ? 'warn' : 'bad'},
        el('b', {}, `The job is ${run_words(run.state)}: `), prose(because(run.reason, run.detail))),
      one.drift && el('p', {class: 'notice', 'data-tone': 'warn'}, el('b', {}, 'Drifted: '), one.drift.detail),
      one.stopped_by && el('p', {class: 'notice', 'data-tone': 'stopped'},
        el('b', {}, `Stopped by ${one.stopped_by.actor}: `), one.stopped_by.reason),
      cell.waits && el('p', {class: 'notice', 'data-tone': 'stopped'}, cell.waits.sentence),
      el('dl', {class: 'facts'},
        fact('Job', link(`#job/${encodeURIComponent(this.job)}`, this.job)),
        fact('Worker', link(`#worker/${encodeURIComponent(this.worker)}`, this.worker)),
        one.version && fact('Version', one.version),
        one.health && fact('Health', one.health),
        one.commit && fact('Commit', link(`#commit/${encodeURIComponent(one.commit)}`, short(one.commit), {class: 'id'})),
        one.last_target && fact('Last target', `${one.last_target}, ${one.last_result}`),
        one.last_operation && fact('Operation', el('code', {}, one.last_operation))));
    if (cell.planned) {
      fill(this.planned, el('p', {}, el('span', {class: 'verb'}, cell.planned.action), ' ', versions(cell.planned), ' ',
        el('code', {class: 'reason'}, cell.planned.reason)), el('p', {class: 'why'}, cell.planned.sentence));
    }
  }

  stop() { this.log.stop(); }
}
