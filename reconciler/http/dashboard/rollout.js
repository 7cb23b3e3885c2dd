// The current rollout, batch by batch: one line for each job, one box for each
// allocation that it acts on.
import {el, fill, link, pill, prose, shape} from './dom.js';
import {cell_hash} from './attention.js';
import {rolls} from './summary.js';
import {because, by_name, count, run_words, short, tone_of_run} from './words.js';

const MOST_BOXES = 120;

export class RolloutView {
  constructor(section, fleet) {
    this.section = section;
    this.fleet = fleet;
    this.planned = new Map();  // job → Map worker → action; since this rollout began
    this.commit = '';
  }

  show(world) {
    const {status, plan} = world;
    const runs = (status.rollout ?? []).filter((run) => run.total > 0 || run.state === 'running' || run.state === 'pending');
    this.section.hidden = runs.length === 0;
    this.section.querySelector('h2').textContent = rolls(status) ? 'Rollout' : 'Last rollout';
    this.remember(plan, status);
    fill(this.section.querySelector('.runs'), runs.map((run) => this.run(run)));
  }

  // The plan forgets what is done; the boxes of a rollout stay until the next one.
  remember(plan, status) {
    const commit = status.rollout?.[0]?.commit ?? '';
    if (commit !== this.commit || !status.rollout?.length) this.planned.clear();
    this.commit = commit;
    for (const job of plan?.jobs ?? []) {
      const of_job = this.planned.get(job.job) ?? new Map();
      for (const action of job.actions ?? []) of_job.set(action.worker, action);
      this.planned.set(job.job, of_job);
    }
  }

  run(run) {
    const actions = this.actions(run);
    const words = [run.batch ? `batch ${run.batch} of ${run.batches}` : run.batches ? count(run.batches, 'batch', 'batches') : '', `${run.done} of ${run.total} done`].filter(Boolean).join(', ');
    const why = because(run.reason, run.detail);
    return el('article', {class: 'run', 'data-state': run.state, 'data-tone': tone_of_run(run.state), 'aria-label': `${run.job}, ${run_words(run.state)}, ${words}`},
      el('div', {class: 'run-top'},
        link(`#job/${encodeURIComponent(run.job)}`, run.job, {class: 'run-job'}),
        pill(tone_of_run(run.state), run_words(run.state)),
        el('span', {class: 'batch'}, words),
        link(`#commit/${encodeURIComponent(run.commit)}`, short(run.commit), {class: 'id'})),
      run.batches > 1 ? this.batches(run) : null,
      actions.length ? this.boxes(run, actions) : run.batches <= 1 && el('progress', {max: run.total || 1, value: run.done, 'aria-label': words}),
      why && run.state !== 'running' ? el('p', {class: 'why'}, run.reason !== 'Unchanged' && el('code', {class: 'reason'}, run.reason), prose(why)) : null);
  }

  // What is planned, and what was done for this commit before we looked.
  actions(run) {
    const all = new Map(this.planned.get(run.job) ?? []);
    for (const cell of run.total ? this.fleet.of_job(run.job) : []) {
      if (cell.allocation?.commit !== run.commit || all.has(cell.worker)) continue;
      all.set(cell.worker, {job: run.job, worker: cell.worker, action: cell.allocation.last_target || 'sync', sentence: cell.label});
    }
    return [...all.values()].sort((a, b) => by_name(a.worker, b.worker));
  }

  batches(run) {
    const steps = [];
    for (let batch = 1; batch <= Math.min(run.batches, 40); ++batch) {
      const ended = run.state === 'done' || batch < run.batch;
      steps.push(el('span', {class: 'step', 'data-step': ended ? 'done' : batch === run.batch ? 'now' : 'next'}));
    }
    return el('div', {class: 'steps', 'aria-hidden': 'true'}, steps);
  }

  boxes(run, actions) {
    const boxes = actions.slice(0, MOST_BOXES).map((action) => {
      const cell = this.fleet.cell(action.job, action.worker);
      const done = cell?.allocation?.commit === run.commit && cell.face !== 'busy' && cell.face !== 'failed' && !cell.planned;
      const face = cell?.aside ? 'unhealthy' : done ? (cell.face === 'planned' ? 'unprobed' : cell.face)
        : cell?.face === 'busy' || cell?.face === 'failed' ? cell.face : 'planned';
      const tone = {busy: 'busy', failed: 'bad', planned: 'planned', unhealthy: cell?.aside ? 'warn' : 'bad', stopped: 'stopped'}[face] ?? 'ok';
      const words = cell?.aside ? 'set aside' : face === 'planned' ? 'to do' : face === 'busy' ? action.action : face === 'failed' ? 'failed' : 'done';
      return el('li', {}, link(cell_hash(action), [shape(face), el('span', {}, action.worker), el('span', {class: 'unseen'}, `, ${action.action}: ${words}`)],
        {class: 'box', 'data-tone': tone, title: `${action.sentence} (${words})`}));
    });
    if (actions.length > MOST_BOXES) boxes.push(el('li', {class: 'muted'}, `and ${actions.length - MOST_BOXES} more`));
    return el('ul', {class: 'boxes'}, boxes);
  }
}
