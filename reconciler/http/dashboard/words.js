// The words for states, actions and times: one place, so that all parts say the same.
import {REASONS} from './reasons.js';

// What a cell of the fleet can look like: `tone` colours it, `shape` and `words` tell it otherwise.
export const FACES = {
  failed: {tone: 'bad', words: 'failed'},
  unhealthy: {tone: 'bad', words: 'unhealthy'},
  unsettled: {tone: 'open', words: 'unsettled'},
  busy: {tone: 'busy', words: 'in work'},
  planned: {tone: 'planned', words: 'planned'},
  healthy: {tone: 'ok', words: 'healthy'},
  unprobed: {tone: 'unprobed', words: 'running, unprobed'},
  stopped: {tone: 'stopped', words: 'stopped'},
};

const STATES = {
  applied: ['ok', 'Applied'],
  pending: ['stopped', 'Pending'],
  applying: ['busy', 'Applying'],
  degraded: ['warn', 'Degraded'],
  held: ['bad', 'Held'],
  refused: ['bad', 'Refused'],
  superseded: ['stopped', 'Superseded'],
  rolled_back: ['bad', 'Rolled back'],
};
const RUNS = {
  pending: ['stopped', 'next'],
  running: ['busy', 'running'],
  done: ['ok', 'done'],
  degraded: ['warn', 'degraded'],
  waiting: ['warn', 'waiting'],
  failed: ['bad', 'failed'],
  stopped: ['stopped', 'stopped'],
  held: ['bad', 'held'],
  'rolled back': ['bad', 'rolled back'],
};
const look_up = (table, word) => (Object.hasOwn(table, word) ? table[word] : ['stopped', String(word ?? '')]);
export const tone_of_state = (word) => look_up(STATES, word)[0];
export const state_words = (word) => look_up(STATES, word)[1];
export const tone_of_run = (word) => look_up(RUNS, word)[0];
export const run_words = (word) => look_up(RUNS, word)[1];

// The sentence of a reason's constant; the product's own (core/reason.cc).
export const explain = (reason) => (Object.hasOwn(REASONS, reason) ? REASONS[reason] : '');

// The sentence of a reason and what it names: `A target failed …: start exited 1`.
export function because(reason, detail) {
  const sentence = reason === 'Unchanged' ? '' : explain(reason);
  return [sentence.slice(0, 1).toUpperCase() + sentence.slice(1), detail].filter(Boolean).join(': ');
}

export const short = (commit) => String(commit ?? '').slice(0, 12);

const SOURCES = {
  Unreachable: 'The git remote is out of reach',
  TimedOut: 'The git remote does not answer in time',
  AuthFailed: 'The git remote refuses our credentials',
  HostKey: 'The git remote shows another host key',
  NotFound: 'The git remote has no such repository',
  MirrorBroken: 'The local mirror of the repository is broken',
  WaitingForFirstCommit: 'The repository waits for its first commit',
  SourceMissing: 'The branch is not there',
  Unknown: 'The git remote has not been tried yet',
};
export const source_words = (state) => (Object.hasOwn(SOURCES, state) ? SOURCES[state] : `The git source says ${state}`);

export function count(n, one, many = one + 's') {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
}

export function clock(time) {
  const date = time ? new Date(time) : new Date();
  return Number.isNaN(date.getTime()) ? '' : date.toLocaleTimeString('en-GB');
}

export function ago(time, now = Date.now()) {
  const seconds = Math.round((now - new Date(time).getTime()) / 1000);
  if (!Number.isFinite(seconds)) return '';
  if (seconds < 10) return 'just now';
  for (const [unit, size] of [['d', 86400], ['h', 3600], ['min', 60]]) {
    if (seconds >= size) return `${Math.floor(seconds / size)} ${unit} ago`;
  }
  return `${seconds} s ago`;
}

export function took(ms) {
  if (!Number.isFinite(ms) || ms < 0) return '';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 100000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 7200000 ? `${Math.round(ms / 60000)} min` : `${(ms / 3600000).toFixed(1)} h`;
}

const natural = new Intl.Collator('en', {numeric: true});
export const by_name = (a, b) => natural.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
