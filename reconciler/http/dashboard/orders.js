// What somebody with role `operate` may order, each with a dialog that says what will happen.
import {el, toast} from './dom.js';
import {get, post} from './api.js';
import {ask} from './dialog.js';
import {because, run_words, short} from './words.js';

const reason = {name: 'reason', label: 'Reason', required: true, lines: 2, hint: 'Kept in the audit with your name, and shown to others.'};
const duration = (required) => ({name: 'for', label: 'For how long', required, value: required ? '1h' : '', list: ['30m', '1h', '2h', '8h', '24h'],
                                 pattern: '([0-9]+(ms|s|m|h|d))+', hint: 'Numbers with units: 30m, 2h, 1d12h.'});

// name → what a button says, and what is asked before it is sent.
const ORDERS = {
  reconcile: {
    words: 'Reconcile', go: 'Reconcile now',
    asks: () => ({title: 'Reconcile now', says: ['maand asks the git remote now instead of at its next poll, and begins a pass.', 'Only what differs from the branch is acted on; where nothing differs, nothing is touched.']}),
  },
  suspend: {
    words: 'Suspend', go: 'Suspend', tone: 'warn',
    asks: ({job}) => ({
      title: job ? `Suspend ${job}` : 'Suspend the bucket',
      says: [`What is in flight ${job ? `of ${job} ` : ''}and its health gate finish. After that nothing ${job ? 'of it ' : ''}starts, whatever asks for it, until the time is over or somebody resumes.`,
             'Commits are still judged, and their notes are written.'],
      fields: [{...reason}, duration(true)]}),
  },
  resume: {
    words: 'Resume', go: 'Resume',
    asks: ({job}) => ({title: job ? `Resume ${job}` : 'Resume the bucket', says: [`${job ?? 'Everything'} goes on with what the branch says now. What waited may start at once.`]}),
  },
  rollback: {
    words: 'Roll back', go: 'Roll back', tone: 'bad',
    asks: ({job, to}, world) => ({
      title: job ? `Roll ${job} back` : `Roll a job back to ${short(to)}`,
      says: ['The job goes to the content that the commit has for it: batch by batch, with health checks, as in any rollout.',
             'It then stays there. Later commits are judged and shown as pinned until somebody resumes the job or the time is over.'],
      fields: [
        !job && {name: 'job', label: 'Job', required: true, choices: world.fleet.jobs.map((name) => [name, name])},
        !to && {name: 'to', label: 'To commit', required: true, list: good_commits(world), hint: 'A commit that was applied before.'},
        {...reason}, duration(false)].filter(Boolean)}),
  },
  retry: {
    words: 'Retry', go: 'Retry',
    asks: ({job}, world) => ({title: `Retry ${job}`, says: [held_words(job, world), 'It is tried once more with the same content. If it fails again, it is held again.']}),
  },
  release: {
    words: 'Release', go: 'Release', tone: 'warn',
    asks: ({subject}, world) => ({title: `Release ${world.fleet.jobs.includes(subject) ? subject : short(subject)}`,
      says: [held_words(subject, world), 'What holds it is overridden this once: it goes on although the rule says to wait. The limits on batches and the health gates stay.']}),
  },
};

function good_commits(world) {
  return [...new Set(world.commits.filter((one) => one.state === 'applied').map((one) => one.commit))];
}

function held_words(job, world) {
  const run = world.fleet.runs.get(job);
  if (!run || run.reason === 'Unchanged') return `Nothing is known to hold ${world.fleet.jobs.includes(job) ? job : short(job)} now.`;
  return `${job} is ${run_words(run.state)}. ${because(run.reason, run.detail)}.`;
}

export class Orders {
  constructor(world, bar, after) {
    this.world = world;
    this.bar = bar;
    this.after = after;
    this.allowed = false;
    this.offered = null;  // what this daemon takes; null: all of them
  }

  // For who has `role`. Which orders there are is said by the API's own document.
  async allow(role) {
    this.allowed = role === 'operate';
    if (!this.allowed || this.offered) return;
    try {
      const {paths} = await get('openapi.json');
      this.offered = new Set(Object.keys(ORDERS).filter((order) => paths[`/api/v1/${order}`]?.post));
    } catch { /* then an order that is not taken says so itself */ }
  }

  has(order) { return this.allowed && (!this.offered || this.offered.has(order)); }

  // Buttons for [[order, given], …], those that are had; null when there is none.
  buttons(list, key) {
    const had = list.filter(([order]) => this.has(order));
    return had.length ? el('div', {class: 'orders'}, had.map(([order, given]) => this.button(order, given, key))) : null;
  }

  button(order, given = {}, key = 'bar') {
    const {words} = ORDERS[order];
    const what = given.job ?? given.subject;
    return el('button', {type: 'button', class: 'order', 'data-order': order, 'data-key': `${key} ${order} ${what ?? ''}`, 'aria-label': what ? `${words} ${what}` : null,
                         onclick: () => this.give(order, given)}, words);
  }

  give(order, given) {
    const {go, tone, asks} = ORDERS[order];
    ask({go, tone, ...asks(given, this.world), submit: async (values) => {
      const message = await post(order, {...given, ...values});
      toast(message || 'Done.');
      this.after();
    }});
  }

  show_bar() {
    const whole = (this.world.status?.suspended ?? []).some((one) => !one.job);
    const told = `${this.allowed} ${whole}`;
    if (told === this.told) return;
    this.told = told;
    this.bar.hidden = !this.allowed;
    this.bar.replaceChildren(...['reconcile', whole ? 'resume' : 'suspend'].filter((order) => this.has(order)).map((order) => this.button(order)));
  }
}
