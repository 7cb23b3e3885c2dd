// One stop of the Tab key for the whole grid, arrow keys within it (WAI-ARIA grid pattern).

const PAGE = 10;

export class Keys {
  // `grid`: rows and visible(row, column). `open(row, column)` for Enter, Space and a click.
  constructor(node, grid, open) {
    this.node = node;
    this.grid = grid;
    this.open = open;
    this.at = null;  // [row, column] of the cell that Tab comes to
    node.addEventListener('keydown', (event) => this.key(event));
    node.addEventListener('click', (event) => {
      const place = this.place_of(event.target);
      if (!place) return;
      this.go(...place);
      this.open(...place);
    });
  }

  place_of(target) {
    const cell = target.closest('[aria-colindex]');
    const line = cell?.parentElement;
    if (!cell || !this.node.contains(cell)) return null;
    return [Number(line.getAttribute('aria-rowindex')) - 1, Number(cell.getAttribute('aria-colindex')) - 1];
  }

  // Makes a cell the one Tab comes to.
  set(row, column) {
    if (this.at) this.grid.rows[this.at[0]]?.[this.at[1]]?.removeAttribute('tabindex');
    this.at = [row, column];
    this.grid.rows[row]?.[column]?.setAttribute('tabindex', '0');
  }

  go(row, column) {
    if (!this.grid.visible(row, column)) return false;
    this.set(row, column);
    this.grid.rows[row][column].focus();
    return true;
  }

  // Before and after the grid is built anew: the same job and worker keep their place, and the focus.
  hold() {
    if (!this.at) return null;
    const [row, column] = this.at;
    return {job: this.grid.jobs[column - 1], worker: this.grid.workers[row - 1],
            focused: this.grid.rows[row]?.[column] === document.activeElement};
  }

  take(held) {
    const first_row = Math.min(1, this.grid.rows.length - 1);
    const first_column = Math.min(1, this.grid.rows[0].length - 1);
    this.at = null;
    this.set(held ? this.grid.row_of.get(held.worker) ?? (held.worker ? first_row : 0) : first_row,
             held ? this.grid.columns.get(held.job) ?? (held.job ? first_column : 0) : first_column);
    if (held?.focused) this.grid.rows[this.at[0]][this.at[1]].focus();
  }

  // After rows or columns were hidden: the Tab stop is one that is shown.
  settle() {
    if (!this.at || this.grid.visible(...this.at)) return;
    for (let row = Math.min(1, this.grid.rows.length - 1); row < this.grid.rows.length; ++row) {
      for (let column = 1; column < this.grid.rows[row].length; ++column) {
        if (this.grid.visible(row, column)) return this.set(row, column);
      }
    }
    this.set(0, 0);
  }

  // From (row, column) by steps of (down, right) to the next that is shown; at most `steps` of them.
  walk(row, column, down, right, steps) {
    let found = null;
    for (let taken = 0; taken < steps;) {
      row += down;
      column += right;
      if (!this.grid.rows[row]?.[column]) break;
      if (!this.grid.visible(row, column)) continue;
      found = [row, column];
      ++taken;
    }
    return found;
  }

  key(event) {
    if (event.altKey || event.metaKey || !this.at) return;
    const [row, column] = this.place_of(document.activeElement) ?? this.at;
    const far = Number.MAX_SAFE_INTEGER;
    let to = null;
    switch (event.key) {
      case 'ArrowUp': to = this.walk(row, column, -1, 0, event.ctrlKey ? far : 1); break;
      case 'ArrowDown': to = this.walk(row, column, 1, 0, event.ctrlKey ? far : 1); break;
      case 'ArrowLeft': to = this.walk(row, column, 0, -1, event.ctrlKey ? far : 1); break;
      case 'ArrowRight': to = this.walk(row, column, 0, 1, event.ctrlKey ? far : 1); break;
      case 'PageUp': to = this.walk(row, column, -1, 0, PAGE); break;
      case 'PageDown': to = this.walk(row, column, 1, 0, PAGE); break;
      case 'Home': to = this.walk(event.ctrlKey ? 0 : row, column, 0, -1, far) ?? [row, column];
        if (event.ctrlKey) to = this.walk(row, to[1], -1, 0, far) ?? to;
        break;
      case 'End': to = this.walk(row, column, 0, 1, far) ?? [row, column];
        if (event.ctrlKey) to = this.walk(row, to[1], 1, 0, far) ?? to;
        break;
      case 'Enter':
      case ' ':
        event.preventDefault();
        this.open(row, column);
        return;
      default:
        return;
    }
    event.preventDefault();
    if (to) this.go(...to);
  }
}
