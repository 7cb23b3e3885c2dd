// The state of the bucket in words: what a person reads first.
import {el, fill, link, shape} from './dom.js';
import {moves} from './fleet.js';
import {ago, count, short, source_words, state_words, tone_of_state} from './words.js';

const SHAPE_OF = {ok: 'healthy', busy: 'busy', warn: 'unhealthy', bad: 'failed', stopped: 'stopped'};

export const refused_head = (world) => {
  const {status, commits} = world;
  if (!status?.head) return null;
  if (status.state === 'refused') return {commit: status.pass?.commit ?? status.head};
  const newest = commits.find((one) => one.commit === status.head);
  return newest?.state === 'refused' ? newest : null;
};

export const rolls = (status) => status.phase === 'rolling out' ||
  (moves(status) && (status.rollout ?? []).some((one) => one.state === 'running'));

// {tone, word, sentence}
export function headline(world) {
  const {status, plan, fleet} = world;
  const commit = short(status.pass?.commit || status.head);
  const applied = short(status.applied_commit);
  const whole = (status.suspended ?? []).find((one) => !one.job);
  if (rolls(status)) {
    const total = sum(status.rollout, 'total');
    const words = total ? `${sum(status.rollout, 'done')} of ${count(total, 'allocation')} done` : 'begins';
    return {tone: 'busy', word: 'Rolling out', sentence: `${short(plan?.commit || status.head)}: ${words}`};
  }
  if (whole) return {tone: 'warn', word: 'Suspended', sentence: `Nothing starts until ${when(whole.until)}. ${whole.actor}: ${whole.reason}`};
  if (refused_head(world)) {
    return {tone: 'bad', word: 'Refused', sentence: applied ? `The newest commit cannot be read as a workspace; what runs stays at ${applied}.` : 'The newest commit cannot be read as a workspace.'};
  }
  const says = {
    applied: fleet.cells.size ? `Every allocation runs what ${commit} says.` : `${commit} is applied; it places no job anywhere.`,
    degraded: `${commit} is applied as far as its workers can be reached.`,
    held: `${commit} is applied but for what is held.`,
    superseded: `${commit} was overtaken by a newer commit.`,
    rolled_back: `${commit} failed and was rolled back.`,
    applying: `${commit} is being applied.`,
    pending: status.head ? `${commit} was not judged yet.` : `${source_words(status.source?.state)}. ${status.source?.detail ?? ''}`,
  };
  return {tone: tone_of_state(status.state), word: state_words(status.state), sentence: says[status.state] ?? commit};
}

const sum = (list, member) => (list ?? []).reduce((all, one) => all + (one[member] || 0), 0);

export function when(time) {
  const date = new Date(time ?? NaN);
  return Number.isNaN(date.getTime()) ? String(time ?? 'somebody resumes it') : date.toLocaleString('en-GB', {dateStyle: 'medium', timeStyle: 'short'});
}

export function show_summary(node, world) {
  const {status} = world;
  const {tone, word, sentence} = headline(world);
  const fact = (name, ...what) => el('div', {}, el('dt', {}, name), el('dd', {}, what));
  const commit = (id) => (id ? link(`#commit/${encodeURIComponent(id)}`, short(id), {class: 'id'}) : 'none');
  const source = status.source ?? {};
  const last = world.commits[0];
  fill(node,
    el('p', {class: 'headline', 'data-tone': tone},
      el('span', {class: 'word'}, shape(SHAPE_OF[tone] ?? 'stopped'), word), ' ', el('span', {class: 'sentence'}, sentence)),
    el('dl', {class: 'facts'},
      // The daemon calls a commit its head when it was judged to the end.
      fact('Head', commit(rolls(status) && world.plan?.commit ? world.plan.commit : status.head)),
      fact('Applied', commit(status.applied_commit)),
      fact('Source', source.state === 'Ready' ? 'The remote answers' : source_words(source.state)),
      fact('Now', status.phase === 'idle' ? (status.pending ? 'another pass is due' : 'idle') : status.phase || 'starting'),
      last && fact('Last pass', el('time', {datetime: last.finished_at, title: when(last.finished_at)}, ago(last.finished_at)),
        last.summary ? `, ${last.summary}` : '')));
  return `${word}. ${sentence}`;
}
