// What is known of the fleet: one cell for each job on each worker. No DOM in here.
import {FACES, by_name} from './words.js';

const KEY = '\u0000';
const key_of = (job, worker) => job + KEY + worker;

export class Fleet {
  jobs = [];     // sorted
  workers = [];  // sorted
  cells = new Map();
  set_aside = new Map();  // worker → {condition, detail}
  runs = new Map();       // job → its report of the rollout
  busy = new Map();       // cell key → action in flight, as events tell it
  moving = false;         // the daemon is at work
  done = new Set();       // cell keys whose action of `plan` has ended well since that was read
  plan = null;

  cell(job, worker) { return this.cells.get(key_of(job, worker)); }

  // A whole status and plan. Returns {reshaped, changed}: whether jobs or workers are others
  // than before, and the cells that look different.
  load(status, plan) {
    this.set_aside = new Map((status.workers_set_aside ?? []).map((one) => [one.worker, one]));
    this.runs = new Map((status.rollout ?? []).map((one) => [one.job, one]));
    const before = this.cells;
    const cells = new Map();
    const place = (job, worker) => {
      const key = key_of(job, worker);
      let cell = cells.get(key);
      if (!cell) {
        const {face, look, label, aside} = before.get(key) ?? {};
        cells.set(key, cell = {job, worker, face, look, label, aside});
      }
      return cell;
    };
    for (const one of status.allocations ?? []) Object.assign(place(one.job, one.worker), {allocation: one});
    if (plan !== this.plan) this.done.clear();
    this.plan = plan;
    for (const job of plan?.jobs ?? []) {
      for (const action of job.actions ?? []) {
        if (action.action === 'remove' || action.action === 'forget' || this.done.has(key_of(action.job, action.worker))) continue;
        place(action.job, action.worker).planned ??= action;
      }
    }
    for (const one of plan?.waiting ?? []) place(one.job, one.worker).waits = one;
    this.cells = cells;
    this.moving = moves(status);
    if (!this.moving) this.busy.clear();
    const reshaped = this.reshape();
    return {reshaped, changed: this.changed(cells.values())};
  }

  // Takes the jobs and workers there are; true when they are others than before.
  reshape() {
    const jobs = new Set();
    const workers = new Set(this.set_aside.keys());
    for (const cell of this.cells.values()) {
      jobs.add(cell.job);
      workers.add(cell.worker);
    }
    const sorted_jobs = [...jobs].sort(by_name);
    const sorted_workers = [...workers].sort(by_name);
    const same = equal(sorted_jobs, this.jobs) && equal(sorted_workers, this.workers);
    this.jobs = sorted_jobs;
    this.workers = sorted_workers;
    return !same;
  }

  // One event. Returns the cells that look different; null when only a whole status can tell.
  apply(kind, event) {
    const at = event.job && event.worker ? this.cell(event.job, event.worker) : undefined;
    if (kind === 'operation_begun') {
      if (!at) return null;
      this.busy.set(key_of(event.job, event.worker), event.action || 'in work');
    } else if (kind === 'operation_ended') {
      this.busy.delete(key_of(event.job, event.worker));
      if (!at) return null;
      const one = at.allocation ??= {job: event.job, worker: event.worker, state: 'unsettled', version: '', health: 'unprobed'};
      if (event.outcome === 'succeeded') {
        one.state = event.action === 'stop' ? 'stopped' : 'running';
        if (at.planned?.new_version) one.version = at.planned.new_version;
        if (event.commit) one.commit = event.commit;
        at.planned = undefined;
        this.done.add(key_of(event.job, event.worker));
      } else if (event.outcome === 'failed' || event.outcome === 'interrupted') {
        one.state = 'failed';
      }
    } else if (kind === 'health_changed') {
      if (!at?.allocation) return null;
      at.allocation.health = event.outcome || at.allocation.health;
    } else if (kind === 'worker_set_aside') {
      this.set_aside.set(event.worker, {worker: event.worker, condition: event.reason ?? '', detail: event.text ?? ''});
      return this.changed(this.of_worker(event.worker));
    } else if (kind === 'worker_back') {
      this.set_aside.delete(event.worker);
      return this.changed(this.of_worker(event.worker));
    } else {
      return [];
    }
    return this.changed([at]);
  }

  *of_worker(worker) {
    for (const job of this.jobs) {
      const cell = this.cell(job, worker);
      if (cell) yield cell;
    }
  }
  *of_job(job) {
    for (const worker of this.workers) {
      const cell = this.cell(job, worker);
      if (cell) yield cell;
    }
  }

  // The cells whose look is new, with their `face`, `label` and `look` brought up to date.
  changed(cells) {
    const out = [];
    for (const cell of cells) {
      const face = this.face(cell);
      const aside = this.set_aside.get(cell.worker);
      const label = this.label(cell, face, aside);
      const look = `${face}${KEY}${aside ? 1 : 0}${KEY}${label}`;
      if (look === cell.look && face === cell.face) continue;
      Object.assign(cell, {face, look, label, aside: Boolean(aside)});
      out.push(cell);
    }
    return out;
  }

  face(cell) {
    const one = cell.allocation;
    if (this.busy.has(key_of(cell.job, cell.worker))) return 'busy';
    if (!one) return 'planned';
    // An operation is open: in flight while the daemon is at work, else one whose end nobody saw.
    if (one.state === 'unsettled') return this.moving ? 'busy' : 'unsettled';
    if (one.state === 'failed') return 'failed';
    if (one.state === 'stopped') return cell.planned && cell.planned.action === 'start' ? 'planned' : 'stopped';
    if (one.health === 'unhealthy') return 'unhealthy';
    return one.health === 'healthy' ? 'healthy' : 'unprobed';
  }

  label(cell, face, aside) {
    const one = cell.allocation;
    let out = `${cell.job} on ${cell.worker}: ${FACES[face].words}`;
    const action = face === 'busy' && (this.busy.get(key_of(cell.job, cell.worker)) ?? cell.planned?.action);
    if (action) out += `, ${action}`;
    if (one?.version) out += `, version ${one.version}`;
    if (cell.planned) out += `, planned: ${cell.planned.action} to ${cell.planned.new_version}`;
    if (aside) out += `, worker set aside: ${aside.condition}`;
    return out;
  }

  // How many cells show each face.
  counts() {
    const out = Object.fromEntries(Object.keys(FACES).map((face) => [face, 0]));
    for (const cell of this.cells.values()) out[cell.face] += 1;
    return out;
  }
}

// The daemon is at work on operations, or may be.
export const moves = (status) => status.phase !== 'idle' && status.phase !== 'publishing notes';

function equal(a, b) {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}
