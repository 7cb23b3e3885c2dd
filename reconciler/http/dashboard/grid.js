// The fleet as a grid of workers × jobs. Built once for a set of jobs and workers;
// after that only the cells that look different are touched.
import {el} from './dom.js';
import {FACES, because, run_words, tone_of_run} from './words.js';
import {Keys} from './grid_keys.js';

const MOST_WIDE = 12;  // with more jobs than this a cell is a square without its version

export class Grid {
  // `open(kind, job, worker)`: kind 'allocation', 'job' or 'worker'.
  constructor(node, fleet, open) {
    this.node = node;
    this.fleet = fleet;
    this.rows = [];    // [row][column] → element; row 0 and column 0 are the heads
    this.lines = [];   // row → its role=row element
    this.columns = new Map();
    this.row_of = new Map();
    this.jobs = [];    // as the rows were built for
    this.workers = [];
    this.hidden_columns = new CSSStyleSheet();
    this.is_hidden_column = [];
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, this.hidden_columns];
    this.keys = new Keys(node, this, (row, column) => this.open_at(row, column, open));
  }

  rebuild() {
    const {jobs, workers} = this.fleet;
    const held = this.keys.hold();
    this.jobs = jobs;
    this.workers = workers;
    this.wide = jobs.length <= MOST_WIDE;
    this.node.dataset.wide = this.wide ? 'yes' : 'no';
    this.node.setAttribute('aria-rowcount', workers.length + 1);
    this.node.setAttribute('aria-colcount', jobs.length + 1);
    this.columns = new Map(jobs.map((job, i) => [job, i + 1]));
    this.row_of = new Map(workers.map((worker, i) => [worker, i + 1]));
    this.rows = [[el('div', {role: 'columnheader', class: 'corner', 'aria-colindex': 1, 'aria-label': 'Worker'},
      el('span', {'aria-hidden': 'true'}, 'worker'))]];
    for (const job of jobs) {
      const column = this.columns.get(job);
      this.rows[0].push(el('div', {role: 'columnheader', class: `job c${column}`, 'aria-colindex': column + 1, 'data-job': job, title: job},
        el('span', {class: 'name'}, job)));
    }
    this.lines = [el('div', {role: 'row', class: 'heads', 'aria-rowindex': 1}, this.rows[0])];
    for (const worker of workers) {
      const row = this.row_of.get(worker);
      const line = [el('div', {role: 'rowheader', class: 'worker', 'aria-colindex': 1, 'data-worker': worker, title: worker},
        el('span', {class: 'name'}, worker))];
      for (let column = 1; column <= jobs.length; ++column) {
        const cell = el('div', {role: 'gridcell', class: `cell c${column}`, 'aria-colindex': column + 1});
        this.show(cell, this.fleet.cell(jobs[column - 1], worker), jobs[column - 1], worker);
        line.push(cell);
      }
      this.rows.push(line);
      this.lines.push(el('div', {role: 'row', 'aria-rowindex': row + 1}, line));
    }
    this.node.replaceChildren(...this.lines);
    this.heads();
    this.keys.take(held);
  }

  // Cells of the fleet that look different.
  patch(cells) {
    for (const cell of cells) {
      const node = this.rows[this.row_of.get(cell.worker)]?.[this.columns.get(cell.job)];
      if (node) this.show(node, cell);
    }
  }

  show(node, cell, job, worker) {
    if (!cell?.face) {
      node.setAttribute('aria-label', `${job} on ${worker}: not placed`);
      return;
    }
    if (node.dataset.shape !== cell.face) {
      node.dataset.shape = cell.face;
      node.dataset.tone = FACES[cell.face].tone;
    }
    if (node.getAttribute('aria-label') !== cell.label) node.setAttribute('aria-label', cell.label);
    node.classList.toggle('aside', cell.aside);
    node.classList.toggle('next', Boolean(cell.planned) && cell.face !== 'planned' && cell.face !== 'busy');
    if (!this.wide) return;
    const version = cell.allocation?.version || cell.planned?.new_version || '';
    if (node.textContent !== version) node.textContent = version;
  }

  // What is told of whole jobs and whole workers, beside their names.
  heads() {
    for (const [job, column] of this.columns) {
      const run = this.fleet.runs.get(job);
      const tells = run && ['held', 'failed', 'waiting', 'degraded', 'running'].includes(run.state) ? run : null;
      mark(this.rows[0][column], tells && tone_of_run(tells.state), tells && run_words(tells.state),
           tells ? [job, run_words(tells.state), because(tells.reason, tells.detail)].filter(Boolean).join(': ') : job);
    }
    for (const [worker, row] of this.row_of) {
      const aside = this.fleet.set_aside.get(worker);
      mark(this.rows[row][0], aside && 'warn', aside && aside.condition,
           aside ? `${worker}: set aside, ${aside.condition}` : worker);
    }
  }

  // `keep_row[i]`, `keep_column[i]`: shown or not; from 1.
  narrow(keep_row, keep_column) {
    for (let row = 1; row < this.lines.length; ++row) {
      if (this.lines[row].hidden === keep_row[row]) this.lines[row].hidden = !keep_row[row];
    }
    const rules = [];
    for (let column = 1; column <= this.columns.size; ++column) {
      if (!keep_column[column]) rules.push(`#grid .c${column}`);
    }
    this.hidden_columns.replaceSync(rules.length ? `${rules.join(',')}{display:none}` : '');
    this.is_hidden_column = keep_column.map((keep) => !keep);
    this.keys.settle();
  }

  visible(row, column) {
    return Boolean(this.rows[row]?.[column]) && !this.lines[row].hidden && !(column > 0 && this.is_hidden_column[column]);
  }

  open_at(row, column, open) {
    const job = this.jobs[column - 1];
    const worker = this.workers[row - 1];
    if (job && worker) {
      if (this.fleet.cell(job, worker)) open('allocation', job, worker);
    } else if (job) {
      open('job', job);
    } else if (worker) {
      open('worker', undefined, worker);
    }
  }
}

function mark(head, tone, words, label) {
  if (head.getAttribute('aria-label') !== label) {
    head.setAttribute('aria-label', label);
    head.title = label;
  }
  const there = head.querySelector('.mark');
  if (!words) {
    there?.remove();
  } else if (!there) {
    head.append(el('span', {class: 'mark', 'data-tone': tone}, words));
  } else if (there.textContent !== words || there.dataset.tone !== tone) {
    there.textContent = words;
    there.dataset.tone = tone;
  }
}
