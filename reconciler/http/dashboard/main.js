// Puts the parts together: reads status once, patches what events tell, and reads all
// again when only that can tell.
import {ApiError, forget_etags, get, get_changed, when_unknown} from './api.js';
import {el, say} from './dom.js';
import {add_activity} from './activity.js';
import {show_attention} from './attention.js';
import {Details} from './details.js';
import {listen} from './events.js';
import {Filter} from './filter.js';
import {Fleet, moves} from './fleet.js';
import {Grid} from './grid.js';
import {show_history} from './history.js';
import {Orders} from './orders.js';
import {show_plan} from './plan.js';
import {RolloutView} from './rollout.js';
import {rolls, show_summary} from './summary.js';
import {theme} from './theme.js';
import {ask_token, who_am_i} from './token.js';
import {clock} from './words.js';

const SOON_MS = 150;
const CALM_MS = 3000;       // between two whole readings during a rollout
const PLAN_CALM_MS = 6000;  // between two readings of the plan during a rollout
const POLL_MS = 5000;       // while there is no stream of events
const WHOLE = ['pass_finished', 'head_seen', 'commit_refused', 'source_problem', 'source_recovered', 'store_problem', 'job_held'];

const $ = (id) => document.getElementById(id);
const world = {status: null, plan: null, commits: [], fleet: new Fleet(), who: {name: '', role: 'none'}, orders: null};
world.orders = new Orders(world, $('orders'), () => read_soon(SOON_MS));
const details = new Details($('details'), $('page'), world);
const grid = new Grid($('grid'), world.fleet, (kind, job, worker) => details.open(kind, ...[job, worker].filter((one) => one !== undefined)));
const filter = new Filter($('filter'), $('states'), world.fleet, grid, $('fleet-none'));
const rollout = new RolloutView($('rollout'), world.fleet);

// ---- reading ----------------------------------------------------------------

let timer = 0;
let due = Infinity;
let reading = false;
let read_at = 0;       // when the last answer came
let plan_read_at = 0;
let want_plan = true;
let want_commits = true;

function read_soon(ms) {
  const at = performance.now() + ms;
  if (at >= due) return;
  due = at;
  clearTimeout(timer);
  timer = setTimeout(read, ms);
}

async function read() {
  if (reading) {
    timer = setTimeout(read, SOON_MS);
    return;
  }
  reading = true;
  due = Infinity;
  try {
    const status = await get_changed('status');
    const now = status ?? world.status;
    const moving = rolls(now);
    const turned = turn(world.status, now);
    const plan_due = want_plan || turned || (moving && (world.plan?.commit !== now.head || performance.now() - plan_read_at > PLAN_CALM_MS));
    const [plan, commits] = await Promise.all([
      plan_due ? get_changed('plan') : null,
      want_commits || turned ? get_changed('commits?limit=30') : null]);
    if (plan_due) plan_read_at = performance.now();
    want_plan = want_commits = turned;  // the parts of a status are not of one instant: look once more
    read_at = Date.now();
    Object.assign(world, {...(status && {status}), ...(plan && {plan}), ...(commits && {commits})});
    if (status || plan || commits) show({status, plan, commits});
    if (moving || turned) read_soon(CALM_MS);
    connected();
  } catch (error) {
    want_plan = want_commits = true;
    cut_off(error);
  } finally {
    reading = false;
  }
}

// A pass began or ended between the two, or another commit came: plan and history are others.
function turn(before, now) {
  return !before || before.head !== now.head || before.applied_commit !== now.applied_commit || before.served !== now.served || moves(before) !== moves(now);
}

// ---- showing ----------------------------------------------------------------

let headline = '';
let worries = new Set();

function show({status, plan, commits}) {
  if (!world.status) return;
  document.body.classList.remove('unknown');
  $('bucket').textContent = world.status.name ?? '';
  if (status || plan) {
    const {reshaped, changed} = world.fleet.load(world.status, world.plan);
    if (reshaped || !grid.lines.length) {
      grid.rebuild();
      filter.apply(false);
    } else {
      grid.patch(changed);
      grid.heads();
    }
    filter.count();
    filter.empty(!filter.input.value && !filter.only.size, 1);
    rollout.show(world);
  }
  if (plan) show_plan(document.querySelector('#plan .plan'), world.plan);
  if (commits || status) show_history(document.querySelector('#history .history'), world.commits, world.status.head);
  const list = show_attention($('attention'), world);
  const now = show_summary($('summary'), world);
  world.orders.show_bar();
  details.update();
  tell(now, list);
  document.title = `${now.split('.')[0]} · ${world.status.name ?? 'maand'}`;
}

// To a screen reader: the state when it changes, and what newly needs attention.
function tell(now, list) {
  const fresh = list.filter((one) => !worries.has(one.key));
  const words = [];
  if (now.split('.')[0] !== headline.split('.')[0]) words.push(now);
  if (fresh.length && headline) words.push(fresh.length === 1 ? fresh[0].title : `${fresh.length} more things need attention`);
  worries = new Set(list.map((one) => one.key));
  headline = now;
  if (words.length) say(words.join('. '));
}

// Events come in floods; one frame shows all that came since the last.
let queue = [];
function on_event(kind, event) {
  queue.push([kind, event]);
  if (queue.length === 1) requestAnimationFrame(show_events);
}

function show_events() {
  const events = queue;
  queue = [];
  const cells = new Set();
  let whole = false;
  for (const [kind, event] of events) {
    const changed = world.fleet.apply(kind, event);
    if (changed === null) whole = true;
    else changed.forEach((cell) => cells.add(cell));
    if (kind === 'pass_started' || kind === 'pass_finished' || kind === 'operation_begun') want_plan ||= kind !== 'operation_begun';
    if (kind === 'pass_finished' || kind === 'commit_refused' || kind === 'note_published') want_commits = true;
    whole ||= WHOLE.includes(kind);
  }
  add_activity($('activity'), events);
  if (cells.size) {
    grid.patch(cells);
    if (events.some(([kind]) => kind.startsWith('worker_'))) grid.heads();
    filter.count();
    details.update();
  }
  read_soon(whole ? SOON_MS : CALM_MS);
}

// ---- connected or not -------------------------------------------------------

let streaming = false;
let stream = null;

function connected() {
  $('cut').hidden = true;
  document.body.classList.remove('stale');
  show_link(streaming ? 'live' : 'poll', streaming ? 'Live' : 'Every 5 s');
  if (!streaming) read_soon(POLL_MS);
}

function cut_off(error) {
  const refused = error instanceof ApiError && (error.status === 401 || error.status === 403);
  const since = read_at ? `What you see is from ${clock(read_at)}.` : '';
  const words = refused ? error.message : `Not connected to maand: ${error.message}. ${since} It is tried again by itself.`;
  document.body.classList.add('stale');
  show_link('off', refused ? 'No access' : 'Not connected');
  const node = $('cut');
  if (node.dataset.words !== words || node.hidden) {
    node.dataset.words = words;
    node.hidden = false;
    node.replaceChildren(el('span', {}, words), el('button', {type: 'button', class: 'quiet', onclick: refused ? () => ask_token('', renew) : again}, refused ? 'Enter a token' : 'Try now'));
  }
  if (!refused) read_soon(POLL_MS);
}

function again() {
  stream?.retry();
  read_soon(0);
}

function show_link(state, words) {
  const node = $('link');
  if (node.dataset.link === state) return;
  node.dataset.link = state;
  $('link-words').textContent = words;
}

function connect() {
  stream = listen({
    event: on_event,
    up() {
      const late = !streaming && read_at;
      streaming = true;
      if (late) again_all();
      else read_soon(SOON_MS);
    },
    down() {
      streaming = false;
      read_soon(SOON_MS);
    },
    reset: again_all,
  });
}

function again_all() {
  want_plan = want_commits = true;
  read_soon(SOON_MS);
}

async function renew() {
  forget_etags();
  try {
    world.who = await who_am_i();
  } catch { /* read() tells it */ }
  await world.orders.allow(world.who.role);
  $('who').textContent = world.who.role === 'none' ? 'Token' : [world.who.name, world.who.role].filter(Boolean).join(' · ');
  $('who').setAttribute('aria-label', world.who.role === 'none' ? 'Enter a token' : `Token: ${$('who').textContent}`);
  world.orders.show_bar();
  show({status: world.status});
  again_all();
  stream?.retry();
}

// ---- beginning --------------------------------------------------------------

theme($('theme'));
$('who').addEventListener('click', () => ask_token('', renew));
when_unknown(() => { if (!$('who').dataset.asked) { $('who').dataset.asked = 'yes'; ask_token('This maand answers only to who shows a token.', renew); } });
addEventListener('keydown', (event) => {
  const typing = event.target.closest?.('input,textarea,select,[contenteditable]');
  if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !document.querySelector('dialog[open]') && !$('page').inert) {
    event.preventDefault();
    $('filter').focus();
    $('filter').select();
  } else if (event.key === 'Escape' && !typing && !document.querySelector('dialog[open]')) {
    details.close();
  }
});
document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault();
  $('fleet').focus();
});
document.addEventListener('visibilitychange', () => { if (!document.hidden) read_soon(SOON_MS); });
setInterval(() => { if (world.status && !document.hidden) show_history(document.querySelector('#history .history'), world.commits, world.status.head); }, 60000);

await renew();
read_soon(0);
connect();
