// What does not go on by itself, and what it waits for or who has to act.
import {el, fill, link, prose, shape} from './dom.js';
import {because, count, run_words, short, source_words, tone_of_run} from './words.js';
import {refused_head, when} from './summary.js';

const MOST_NAMED = 6;

// A list of {key, tone, title, to: hash, reason, why, more: [nodes], orders: [[order, given]]}, worst first.
export function matters(world) {
  const {status, plan, fleet} = world;
  const out = [];
  if (status.store_problem) {
    out.push({key: 'store', tone: 'bad', title: 'The store cannot be written', why: `No worker is touched until it can. ${status.store_problem}`});
  }
  if (status.source && !['Ready', 'Unknown', 'WaitingForFirstCommit'].includes(status.source.state)) {
    out.push({key: 'source', tone: 'bad', title: source_words(status.source.state), why: status.source.detail});
  }
  const refused = refused_head(world);
  if (refused) {
    out.push({key: 'refused', tone: 'bad', title: 'The newest commit is refused', why: 'Nothing of it is applied. Its note says what is wrong; push a commit that corrects it.',
              to: `#commit/${encodeURIComponent(refused.commit)}`});
  }
  const stand_by = (status.rollout ?? []).filter((run) => run.reason === 'Suspended').map((run) => run.job);
  for (const one of status.suspended ?? []) {
    const jobs = one.job ? [] : stand_by;
    out.push({key: `suspended ${one.job ?? ''}`, tone: 'warn', title: one.job ? `${one.job} is suspended` : 'The bucket is suspended',
              why: `by ${one.actor} until ${when(one.until)}: ${one.reason}`, orders: [['resume', {job: one.job ?? undefined}]],
              more: jobs.length ? [el('span', {class: 'muted'}, 'Jobs that wait for it:'), ...named(jobs, (job) => `#job/${encodeURIComponent(job)}`, (job) => job)] : []});
  }
  for (const one of status.pinned ?? []) {
    out.push({key: `pinned ${one.job ?? ''}`, tone: 'warn', to: one.job ? `#job/${encodeURIComponent(one.job)}` : `#commit/${one.commit}`,
              title: `${one.job || 'The bucket'} is pinned to ${short(one.commit)}`,
              why: `by ${one.actor} until ${when(one.until)}: ${one.reason}. Later commits are judged and leave it as it is.`,
              orders: [['resume', {job: one.job || undefined}]]});
  }
  for (const one of status.drained ?? []) {
    out.push({key: `drained ${one.worker}`, tone: 'warn', title: `${one.worker} is drained`, to: `#worker/${encodeURIComponent(one.worker)}`,
              why: drained_words(one)});
  }
  const told = new Set([...(status.pinned ?? []).map((one) => one.job), ...stand_by]);
  for (const run of status.rollout ?? []) {
    if (!['held', 'failed', 'waiting', 'degraded', 'stopped'].includes(run.state)) continue;
    if (run.state === 'held' && told.has(run.job)) continue;  // its pin or suspension is told
    told.add(run.job);
    out.push(of_job(run.job, run.state, run.reason, run.detail));
  }
  for (const job of plan?.jobs ?? []) {
    if (job.held && !told.has(job.job)) out.push(of_job(job.job, 'held', job.reason, job.detail));
  }
  out.push(...of_workers(fleet.set_aside), ...of_cells(fleet, told), ...of_waiting(plan?.waiting ?? []));
  for (const one of status.pass?.diagnostics ?? []) {
    if (told.size && one.severity === 'error' && [...told].some((job) => one.path?.startsWith(`jobs/${job}/`))) continue;
    out.push({key: `diagnostic ${one.path} ${one.field} ${one.message}`, tone: one.severity === 'error' ? 'bad' : 'warn',
              title: `${one.path}${one.field ? `: ${one.field}` : ''}`, why: [one.message, one.advice].filter(Boolean).join('. ')});
  }
  if (status.notes_problem) {
    out.push({key: 'notes', tone: 'warn', title: 'Notes cannot be pushed', why: `They wait and are tried again. ${status.notes_problem}`});
  }
  for (const one of status.channels ?? []) {
    if (one.problem) out.push({key: `channel ${one.name}`, tone: 'warn', title: `${one.name} does not take messages`, why: `${one.waiting} wait and are tried again. ${one.problem}`});
  }
  const weight = {bad: 0, open: 1, warn: 2};
  return out.map((one, i) => [one, i]).sort(([a, i], [b, j]) => (weight[a.tone] ?? 3) - (weight[b.tone] ?? 3) || i - j).map(([one]) => one);
}

function of_job(job, state, reason, detail) {
  return {key: `job ${job}`, tone: tone_of_run(state), title: `${job} is ${run_words(state)}`, reason: reason === 'Unchanged' ? '' : reason,
          why: because(reason, detail), to: `#job/${encodeURIComponent(job)}`, orders: ways_on(job, reason)};
}

export const drained_words = (one) =>
  `by ${one.actor} until ${one.until ? when(one.until) : 'it is taken back'}: ${one.reason}. What is on it is stopped, and nothing starts there.`;

// What an operator may order for a job that stands still for this reason.
export function ways_on(job, reason) {
  if (['TargetFailed', 'MissingTarget', 'GateFailed', 'ProgressTimeout', 'RebootLoop', 'StopFailed'].includes(reason)) return [['retry', {job}]];
  if (['Unavailable', 'Blocked', 'RemovalBudget', 'WindowClosed'].includes(reason)) return [['release', {subject: job}]];
  return [];
}

function of_workers(set_aside) {
  const by_condition = new Map();
  for (const one of set_aside.values()) by_condition.set(one.condition, [...by_condition.get(one.condition) ?? [], one]);
  return [...by_condition].map(([condition, list]) => ({
    key: `aside ${condition}`, tone: 'warn', reason: condition,
    title: list.length === 1 ? `${list[0].worker} is set aside` : `${count(list.length, 'worker')} are set aside`,
    why: `${list[0].detail || condition}${list.length > 1 && list[0].detail ? ' (the first of them)' : ''}. Other workers go on; it is tried again by itself.`,
    ...places(list, (one) => `#worker/${encodeURIComponent(one.worker)}`, (one) => one.worker),
  }));
}

function of_cells(fleet, told) {
  const lists = {failed: [], unhealthy: [], unsettled: []};
  for (const cell of fleet.cells.values()) {
    if (lists[cell.face] && !(cell.face === 'failed' && told.has(cell.job))) lists[cell.face].push(cell);
  }
  const titles = {failed: 'failed', unhealthy: 'unhealthy', unsettled: 'unsettled'};
  const whys = {
    failed: 'The last target there failed or was interrupted.',
    unhealthy: 'Probes fail; the allocation runs.',
    unsettled: 'An operation began there and its end is not known yet.',
  };
  return Object.entries(lists).filter(([, list]) => list.length).map(([face, list]) => ({
    key: `cells ${face}`, shape: face, tone: face === 'unsettled' ? 'open' : 'bad',
    title: list.length === 1 ? `${list[0].job} on ${list[0].worker} is ${titles[face]}` : `${count(list.length, 'allocation')} are ${titles[face]}`,
    why: whys[face], ...places(list, cell_hash, (one) => `${one.job}@${one.worker}`),
  }));
}

function of_waiting(waiting) {
  const by_reason = new Map();
  for (const one of waiting) by_reason.set(one.reason, [...by_reason.get(one.reason) ?? [], one]);
  return [...by_reason].map(([reason, list]) => ({
    key: `waiting ${reason}`, tone: 'stopped', reason, title: list.length === 1 ? `${list[0].job} on ${list[0].worker} is left as it is` : `${count(list.length, 'allocation')} are left as they are`,
    why: list.length === 1 ? list[0].sentence : because(reason), ...places(list, cell_hash, (one) => `${one.job}@${one.worker}`),
  }));
}

export const cell_hash = (one) => `#allocation/${encodeURIComponent(one.job)}@${encodeURIComponent(one.worker)}`;

// One place: the title leads there. Several: they are named.
function places(list, hash, name) {
  return list.length === 1 ? {to: hash(list[0])} : {more: named(list, hash, name)};
}

function named(list, hash, name) {
  const out = list.slice(0, MOST_NAMED).map((one) => link(hash(one), name(one)));
  if (list.length > MOST_NAMED) out.push(el('span', {class: 'muted'}, `and ${list.length - MOST_NAMED} more`));
  return out;
}

const SHAPE_OF = {bad: 'failed', warn: 'unhealthy', open: 'unsettled', busy: 'busy'};

let last_told = '';
export function show_attention(section, world) {
  const list = matters(world);
  section.hidden = list.length === 0;
  // Built anew only when it says something else: somebody may be reading it.
  const told = JSON.stringify([world.orders.allowed, list.map(({more, ...one}) => [one, (more ?? []).map((node) => node.textContent)])]);
  if (told === last_told) return list;
  last_told = told;
  fill(section.querySelector('ul'), list.map((one) => el('li', {class: 'matter', 'data-tone': one.tone},
    shape(one.shape ?? SHAPE_OF[one.tone] ?? 'stopped'),
    el('div', {class: 'matter-in'},
      el('p', {class: 'title'}, el('b', {}, one.to ? link(one.to, one.title) : one.title), one.reason && el('code', {class: 'reason'}, one.reason)),
      one.why && el('p', {class: 'why'}, prose(one.why)),
      one.more?.length ? el('p', {class: 'links'}, one.more) : null),
    world.orders.buttons(one.orders ?? [], one.key))));
  return list;
}
