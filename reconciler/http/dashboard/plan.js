// The plan: what is still to be done, job by job, with reasons; file diffs on demand.
import {el, fill, link, prose} from './dom.js';
import {because, count, explain, short} from './words.js';
import {show_files} from './diff.js';

const MOST_AT_ONCE = 50;

export function show_plan(node, plan) {
  if (!plan) {
    fill(node, el('p', {class: 'none'}, 'The plan was not read yet.'));
    return;
  }
  const jobs = (plan.jobs ?? []).filter((job) => job.actions?.length || job.held);
  const open = jobs.reduce((sum, job) => sum + (job.actions?.length ?? 0), 0);
  fill(node,
    el('p', {class: 'lead'}, open ? `${count(open, 'action')} to bring the fleet to ` : 'Nothing to do for ', plan.commit ? el('code', {}, short(plan.commit)) : 'now',
      plan.unchanged ? `; ${count(plan.unchanged, 'allocation')} unchanged.` : '.'),
    jobs.map((job) => one_job(job, jobs.length === 1)));
}

function one_job(job, alone) {
  const actions = job.actions ?? [];
  const kinds = new Map();
  for (const {action} of actions) kinds.set(action, (kinds.get(action) ?? 0) + 1);
  const words = [...kinds].map(([action, n]) => `${n} ${action}`).join(', ');
  const list = el('ul', {class: 'actions'});
  const details = el('details', {class: 'plan-job', 'aria-label': `Plan of ${job.job}`, 'data-key': `plan ${job.job}`, open: alone && actions.length <= 8},
    el('summary', {}, el('b', {}, job.job), el('span', {class: 'muted'}, job.held ? 'held' : `wave ${job.wave}`),
      job.leaving && el('span', {class: 'muted'}, 'leaves'), el('span', {}, words)),
    job.held ? el('p', {class: 'why'}, el('code', {class: 'reason'}, job.reason), prose(because(job.reason, job.detail))) : null,
    list);
  // Only what is looked at is built: a first commit may plan ten thousand actions.
  const build = () => { if (details.open && !list.children.length) more(list, actions, 0); };
  details.addEventListener('toggle', build);
  build();
  return details;
}

function more(list, actions, from) {
  list.append(...actions.slice(from, from + MOST_AT_ONCE).map(one_action));
  if (from + MOST_AT_ONCE >= actions.length) return;
  const button = el('button', {type: 'button', class: 'quiet', onclick: () => {
    last.remove();
    more(list, actions, from + MOST_AT_ONCE);
    list.children[from + MOST_AT_ONCE]?.querySelector('a')?.focus();
  }}, `Show more (${actions.length - from - MOST_AT_ONCE} left)`);
  const last = el('li', {}, button);
  list.append(last);
}

export function one_action(action) {
  const files = el('div', {class: 'files', hidden: true});
  const button = el('button', {type: 'button', class: 'quiet small', 'aria-expanded': 'false', 'aria-label': `Files of ${action.job} on ${action.worker}`, onclick: () => {
    files.hidden = !files.hidden;
    button.setAttribute('aria-expanded', String(!files.hidden));
    if (!files.hidden && !files.childNodes.length) show_files(files, action.job, action.worker);
  }}, 'Files');
  return el('li', {class: 'action'},
    el('div', {class: 'action-top'},
      el('span', {class: 'verb'}, action.action),
      link(`#allocation/${encodeURIComponent(action.job)}@${encodeURIComponent(action.worker)}`, action.worker),
      el('span', {class: 'versions'}, versions(action)),
      el('code', {class: 'reason', title: explain(action.reason)}, action.reason), button),
    el('p', {class: 'why'}, action.sentence), files);
}

export function versions(action) {
  const {current_version: old, new_version: fresh} = action;
  return old === fresh ? fresh : `${old} → ${fresh}`;
}
