// Puts the parts together: reads status once, patches what events tell, and reads all
// again when only that can tell.
import {forget_etags, get_changed, when_unknown} from './api.js';
import {say} from './dom.js';
import {add_activity} from './activity.js';
import {show_attention} from './attention.js';
import {Connection} from './connection.js';
import {Details} from './details.js';
import {listen} from './events.js';
import {Filter} from './filter.js';
import {Fleet, moves} from './fleet.js';
import {by_frames} from './frames.js';
import {Grid} from './grid.js';
import {show_history} from './history.js';
import {Orders} from './orders.js';
import {show_plan} from './plan.js';
import {RolloutView} from './rollout.js';
import {rolls, show_summary} from './summary.js';
import {theme} from './theme.js';
import {ask_token, who_am_i} from './token.js';

const SOON_MS = 150;
const CALM_MS = 3000;       // between two whole readings during a rollout
const PLAN_CALM_MS = 6000;  // between two readings of the plan during a rollout
const BOXES_MS = 400;       // between two showings of the rollout's boxes
const POLL_MS = 5000;       // while there is no stream of events
const WHOLE = ['pass_finished', 'head_seen', 'commit_refused', 'source_problem', 'source_recovered', 'store_problem', 'job_held'];

const $ = (id) => document.getElementById(id);
const world = {status: null, plan: null, commits: [], fleet: new Fleet(), who: {name: '', role: 'none'}, orders: null};
world.orders = new Orders(world, $('orders'), () => read_soon(SOON_MS));
const details = new Details($('details'), $('page'), world);
const grid = new Grid($('grid'), world.fleet, (kind, job, worker) => details.open(kind, ...[job, worker].filter((one) => one !== undefined)));
const filter = new Filter($('filter'), $('states'), world.fleet, grid, $('fleet-none'));
const rollout = new RolloutView($('rollout'), world.fleet);
const connection = new Connection($('link'), $('cut'), {again, token: () => ask_token('', renew)});

// ---- reading ----------------------------------------------------------------

let timer = 0;
let due = Infinity;
let reading = false;
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
    const plan_due = want_plan || turned || (moving && (!of_plan(now) || performance.now() - plan_read_at > PLAN_CALM_MS));
    const [plan, commits] = await Promise.all([
      plan_due ? get_changed('plan') : null,
      want_commits || turned ? get_changed('commits?limit=30') : null]);
    if (plan_due) plan_read_at = performance.now();
    want_plan = want_commits = turned;  // the parts of a status are not of one instant: look once more
    Object.assign(world, {...(status && {status}), ...(plan && {plan}), ...(commits && {commits})});
    if (status || plan || commits) show({status, plan, commits});
    if (moving || turned) read_soon(CALM_MS);
    connection.up(streaming);
    if (!streaming) read_soon(POLL_MS);
  } catch (error) {
    want_plan = want_commits = true;
    if (connection.down(error)) read_soon(POLL_MS);
  } finally {
    reading = false;
  }
}

// The rollout carries out the plan we have.
const of_plan = (status) => (status.rollout ?? []).some((run) => run.commit === world.plan?.commit);

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

function show_events(events, cut) {
  const cells = new Set();
  let whole = cut;
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
    show_boxes();
  }
  read_soon(whole ? SOON_MS : CALM_MS);
}

let boxes_due = false;
function show_boxes() {
  if (boxes_due || $('rollout').hidden) return;
  boxes_due = true;
  setTimeout(() => {
    boxes_due = false;
    rollout.show(world);
  }, BOXES_MS);
}

// ---- connected or not -------------------------------------------------------

let streaming = false;
let stream = null;

function connect() {
  const push = by_frames(show_events);
  stream = listen({
    event: (kind, event) => push([kind, event]),
    up() {
      const late = !streaming && connection.read_at;
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

function again() {
  stream?.retry();
  read_soon(0);
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
  const {name, role} = world.who;
  $('who').textContent = role === 'none' ? 'Token' : name ? `${name} · ${role}` : 'Read only';
  $('who').setAttribute('aria-label', name ? `Token of ${name}, role ${role}` : role === 'none' ? 'Enter a token' : 'Read only; enter a token');
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
