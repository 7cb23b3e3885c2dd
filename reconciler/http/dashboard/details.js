// The panel beside the page, and the hash routes that open it: #allocation/api@10.0.0.1,
// #job/api, #worker/10.0.0.1, #commit/abc.
import {AllocationView} from './allocation.js';
import {CommitView} from './commit.js';
import {JobView} from './job.js';
import {WorkerView} from './worker.js';

const VIEWS = {allocation: AllocationView, job: JobView, worker: WorkerView, commit: CommitView};

// null: no route of ours.
export function route_of(hash) {
  const found = /^#(allocation|job|worker|commit)\/(.+)$/.exec(hash);
  if (!found) return null;
  try {
    const [, kind, rest] = found;
    const parts = kind === 'allocation' ? [rest.slice(0, rest.indexOf('@')), rest.slice(rest.indexOf('@') + 1)] : [rest];
    if (kind === 'allocation' && !rest.includes('@')) return null;
    return {kind, parts: parts.map(decodeURIComponent)};
  } catch {
    return null;  // not percent-encoded text
  }
}

export class Details {
  constructor(panel, page, world) {
    this.panel = panel;
    this.page = page;
    this.world = world;
    this.view = null;
    this.opener = null;
    this.narrow = matchMedia('(max-width: 900px)');
    this.narrow.addEventListener('change', () => this.settle());
    panel.querySelector('#details-close').addEventListener('click', () => this.close());
    panel.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') {
        event.preventDefault();
        this.close();
      }
    });
    addEventListener('hashchange', () => this.follow());
  }

  open(kind, ...parts) {
    const hash = `#${kind}/${parts.map(encodeURIComponent).join('@')}`;
    if (location.hash === hash) this.follow();
    else location.hash = hash;
  }

  follow() {
    const route = route_of(location.hash);
    if (!route) {
      if (!this.panel.hidden && location.hash.length < 2) this.close();
      return;
    }
    if (!this.world.status) return;  // update() comes here when there is one
    if (this.panel.hidden) this.opener = document.activeElement;
    this.view?.stop?.();
    this.view = new VIEWS[route.kind](this.world, ...route.parts);
    this.route = location.hash;
    const heading = this.panel.querySelector('#details-h');
    heading.textContent = this.view.title;
    this.panel.querySelector('#details-in').replaceChildren(this.view.node);
    this.panel.hidden = false;
    this.panel.scrollTop = 0;
    document.body.classList.add('detailed');
    this.settle();
    this.view.update(this.world);
    this.panel.focus();
  }

  // What is known has changed.
  update() {
    if (!this.view && route_of(location.hash)) this.follow();
    else this.view?.update(this.world);
  }

  close() {
    if (this.panel.hidden) return;
    this.view?.stop?.();
    this.view = null;
    this.panel.hidden = true;
    document.body.classList.remove('detailed');
    this.settle();
    if (location.hash) history.replaceState(null, '', location.pathname + location.search);
    const home = this.opener?.isConnected && this.opener !== document.body ? this.opener : document.getElementById('fleet');
    home.focus({preventScroll: home.id === 'fleet'});
    this.opener = null;
  }

  // On a phone the panel covers the page, which then is not there for Tab and readers.
  settle() {
    this.page.inert = this.narrow.matches && !this.panel.hidden;
  }
}
