// What a person sees of the connection: the lamp at the top, and a bar when there is none.
import {ApiError} from './api.js';
import {el} from './dom.js';
import {clock} from './words.js';

export class Connection {
  // `ways`: {again(), token()}, for the button of the bar.
  constructor(lamp, bar, ways) {
    this.lamp = lamp;
    this.bar = bar;
    this.ways = ways;
    this.read_at = 0;  // when the last answer came
  }

  // An answer came; `streaming`: events come as well.
  up(streaming) {
    this.read_at = Date.now();
    this.bar.hidden = true;
    document.body.classList.remove('stale');
    this.show(streaming ? 'live' : 'poll', streaming ? 'Live' : 'Every 5 s');
  }

  // True when trying again by itself may help.
  down(error) {
    const refused = error instanceof ApiError && (error.status === 401 || error.status === 403);
    const since = this.read_at ? `What you see is from ${clock(this.read_at)}. ` : '';
    const words = refused ? error.message : `Not connected to maand: ${error.message}. ${since}It is tried again by itself.`;
    document.body.classList.add('stale');
    this.show('off', refused ? 'No access' : 'Not connected');
    // An alert is spoken each time it is built, so only when it says something else.
    if (this.bar.hidden || this.words !== words) {
      this.words = words;
      this.bar.hidden = false;
      this.bar.replaceChildren(el('span', {}, words),
        el('button', {type: 'button', class: 'quiet', onclick: refused ? this.ways.token : this.ways.again}, refused ? 'Enter a token' : 'Try now'));
    }
    return !refused;
  }

  show(state, words) {
    if (this.lamp.dataset.link === state) return;
    this.lamp.dataset.link = state;
    this.lamp.querySelector('#link-words').textContent = words;
  }
}
