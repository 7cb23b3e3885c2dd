// The stream of events. EventSource cannot send Authorization, so it is read with
// fetch; it resumes after the last id, and backs off while nobody answers.
import {call} from './api.js';

const QUIET_MS = 40000;  // the server sends a comment every 15 s
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30000;

// listen({event(kind, data), reset(), up(), down(wait_ms, why)}) → {retry(), stop()}
export function listen(told) {
  let last_id = '';
  let wait = FIRST_WAIT_MS;
  let stopped = false;
  let control = null;
  let wake = () => {};
  let hurry = false;

  async function once() {
    control = new AbortController();
    let quiet = setTimeout(() => control.abort(), QUIET_MS);
    try {
      const more = {Accept: 'text/event-stream'};
      if (last_id) more['Last-Event-ID'] = last_id;
      const response = await call('events', {headers: more, signal: control.signal});
      if (!response.ok || !response.body) {
        await response.body?.cancel();
        return `events: ${response.status}`;
      }
      told.up();
      wait = FIRST_WAIT_MS;
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const parse = parser((message) => {
        if (message.id) last_id = message.id;
        if (message.kind === 'reset') told.reset();
        else if (message.data) deliver(message);
      });
      for (;;) {
        const {value, done} = await reader.read();
        if (done) return 'the stream ended';
        clearTimeout(quiet);
        quiet = setTimeout(() => control.abort(), QUIET_MS);
        parse(value);
      }
    } catch (error) {
      return error.name === 'AbortError' ? 'nothing came for too long' : error.message;
    } finally {
      clearTimeout(quiet);
    }
  }

  function deliver(message) {
    let data;
    try {
      data = JSON.parse(message.data);
    } catch {
      return;
    }
    if (data && typeof data === 'object') told.event(message.kind || data.kind, data);
  }

  async function run() {
    while (!stopped) {
      const why = await once();
      if (stopped) return;
      if (hurry) {
        hurry = false;
        continue;
      }
      const pause = wait * (0.8 + 0.4 * Math.random());
      told.down(pause, why);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, pause);
        wake = () => { clearTimeout(timer); resolve(); };
      });
      hurry = false;
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    }
  }
  run();
  return {
    retry() { wait = FIRST_WAIT_MS; hurry = true; control?.abort(); wake(); },
    stop() { stopped = true; control?.abort(); wake(); },
  };
}

// parser(on_message)(text…): text/event-stream, in pieces cut anywhere.
export function parser(on_message) {
  let rest = '';
  let message = {id: '', kind: '', data: ''};
  return (text) => {
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === '') {
        if (message.id || message.kind || message.data) on_message(message);
        message = {id: '', kind: '', data: ''};
        continue;
      }
      if (line.startsWith(':')) continue;
      const colon = line.indexOf(':');
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
      if (field === 'id') message.id = value;
      else if (field === 'event') message.kind = value;
      else if (field === 'data') message.data += (message.data ? '\n' : '') + value;
    }
  };
}
