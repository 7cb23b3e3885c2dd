// The log of one allocation's targets, while it is written. Asked for only while it is open.
import {el} from './dom.js';
import {get, place} from './api.js';

const FIRST_BYTES = 64 * 1024;
const MOST_CHARACTERS = 512 * 1024;
const BUSY_MS = 500;
const IDLE_MS = 2000;

export class Log {
  constructor(job, worker) {
    this.path = `logs/${place(job, worker)}`;
    this.from = -FIRST_BYTES;
    this.text = el('pre', {class: 'log', tabindex: '0', role: 'log', 'aria-live': 'off', 'aria-label': `Log of ${job} on ${worker}`});
    this.says = el('p', {class: 'muted', role: 'status'}, 'Reading the log…');
    this.follow = el('input', {type: 'checkbox', checked: true, onchange: () => this.settle()});
    this.node = el('div', {class: 'log-frame'},
      el('div', {class: 'log-top'}, el('h3', {}, 'Log'), el('label', {class: 'check'}, this.follow, ' Follow')), this.text, this.says);
    // Who scrolls up wants to read; who comes back to the end wants to follow.
    this.text.addEventListener('scroll', () => {
      const at_end = this.text.scrollHeight - this.text.scrollTop - this.text.clientHeight < 8;
      if (this.text.scrollHeight > this.text.clientHeight) this.follow.checked = at_end;
    });
    this.control = new AbortController();
    this.timer = 0;
    this.shown = 0;
    this.read();
  }

  stop() {
    this.control.abort();
    clearTimeout(this.timer);
  }

  async read() {
    let pause = IDLE_MS;
    try {
      if (!document.hidden) {
        const got = await get(`${this.path}?from=${this.from}`, this.control.signal);
        if (this.from > 0 && got.from < this.from) this.clear();  // another file took its place
        if (got.text) pause = BUSY_MS;
        this.append(got.text ?? '');
        this.from = got.next ?? this.from;
        this.tell(this.shown ? '' : 'Nothing was written yet.');
      }
    } catch (error) {
      if (this.control.signal.aborted) return;
      this.tell(error.message);
    }
    if (!this.control.signal.aborted) this.timer = setTimeout(() => this.read(), pause);
  }

  append(text) {
    if (!text) return;
    this.text.append(text);
    this.shown += text.length;
    while (this.shown > MOST_CHARACTERS && this.text.childNodes.length > 1) {
      this.shown -= this.text.firstChild.length;
      this.text.firstChild.remove();
    }
    this.settle();
  }

  clear() {
    this.text.replaceChildren();
    this.shown = 0;
  }

  settle() {
    if (this.follow.checked) this.text.scrollTop = this.text.scrollHeight;
  }

  tell(words) {
    if (this.says.textContent !== words) this.says.textContent = words;
  }
}
