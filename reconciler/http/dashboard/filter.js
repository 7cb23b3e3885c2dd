// What of the fleet is shown: words for jobs, workers and versions, and states. The
// buttons of the states are the legend and the counts as well.
import {el, shape, say} from './dom.js';
import {FACES, count} from './words.js';

export class Filter {
  constructor(input, buttons, fleet, grid, none) {
    this.input = input;
    this.fleet = fleet;
    this.grid = grid;
    this.none = none;
    this.only = new Set();
    this.buttons = new Map();
    for (const [face, {tone, words}] of Object.entries(FACES)) {
      const number = el('b', {}, '0');
      const button = el('button', {type: 'button', class: 'state', 'data-tone': tone, 'aria-pressed': 'false', onclick: () => this.toggle(face)},
        shape(face), number, el('span', {}, words));
      this.buttons.set(face, {button, number});
      buttons.append(button);
    }
    let timer = 0;
    input.addEventListener('input', () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.apply(true), 80);
    });
    input.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && (input.value || this.only.size)) {
        event.stopPropagation();
        input.value = '';
        for (const face of [...this.only]) this.toggle(face);
        this.apply(true);
      }
      if (event.key === 'ArrowDown' || event.key === 'Enter') {
        event.preventDefault();
        if (event.key === 'Enter') this.apply(true);
        if (this.grid.keys.at) this.grid.keys.go(...this.grid.keys.at);
      }
    });
  }

  toggle(face) {
    if (!this.only.delete(face)) this.only.add(face);
    this.buttons.get(face).button.setAttribute('aria-pressed', String(this.only.has(face)));
    this.apply(true);
  }

  // The numbers on the buttons. A state that nothing has is not offered.
  count() {
    const counts = this.fleet.counts();
    for (const [face, {button, number}] of this.buttons) {
      const words = counts[face].toLocaleString('en');
      if (number.textContent !== words) number.textContent = words;
      const idle = counts[face] === 0 && !this.only.has(face);
      if (button.hidden !== idle) button.hidden = idle;
    }
    if (this.only.size) this.apply(false);
  }

  apply(aloud) {
    const words = this.input.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (this.only.size) this.grid.node.dataset.only = [...this.only].join(' ');
    else delete this.grid.node.dataset.only;
    const {jobs, workers} = this.fleet;
    const all = !words.length && !this.only.size;
    const rows = new Array(workers.length + 1).fill(all);
    const columns = new Array(jobs.length + 1).fill(all);
    if (!all) {
      for (const cell of this.fleet.cells.values()) {
        if (this.only.size && !this.only.has(cell.face)) continue;
        if (!words.every((word) => says(cell, word))) continue;
        rows[this.grid.row_of.get(cell.worker)] = true;
        columns[this.grid.columns.get(cell.job)] = true;
      }
    }
    this.grid.narrow(rows, columns);
    const shown_rows = rows.slice(1).filter(Boolean).length;
    const shown_columns = columns.slice(1).filter(Boolean).length;
    this.empty(all, shown_rows);
    if (aloud) say(all ? 'The whole fleet is shown' : `${count(shown_rows, 'worker')} and ${count(shown_columns, 'job')} are shown`);
  }

  empty(all, rows) {
    const words = !this.fleet.cells.size
      ? 'No job runs anywhere yet. Push a commit with workers and jobs, and they appear here.'
      : !all && !rows ? 'Nothing matches. Esc in the filter shows everything again.' : '';
    this.none.textContent = words;
    this.none.hidden = !words;
    this.grid.node.parentElement.hidden = Boolean(words);
    document.getElementById('fleet-help').hidden = Boolean(words);
  }
}

function says(cell, word) {
  const colon = word.indexOf(':');
  const field = colon > 0 ? word.slice(0, colon) : '';
  if (field === 'job') return cell.job.toLowerCase().includes(word.slice(4));
  if (field === 'worker') return cell.worker.toLowerCase().includes(word.slice(7));
  return cell.job.toLowerCase().includes(word) || cell.worker.toLowerCase().includes(word) ||
    (cell.allocation?.version ?? '').toLowerCase().includes(word);
}
