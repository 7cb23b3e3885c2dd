// A question with fields, in a <dialog>: what will happen, what is needed for it, and
// the words of whoever refused it.
import {el, prose} from './dom.js';

let number = 0;

// ask({title, says: [sentences], fields, go, tone, submit(values), extra: [buttons]}).
// `fields`: {name, label, value, required, list: [suggestions], choices: [[value, words]], hint, lines, secret, pattern}.
// `submit` returns a promise; what it throws is shown, and the dialog stays.
export function ask({title, says, fields = [], go, tone, submit, extra = []}) {
  const id = `ask${++number}`;
  const opener = document.activeElement;
  const key = opener?.dataset?.key;
  const inputs = fields.map((field) => input_of(field, `${id}-${field.name}`));
  const error = el('p', {class: 'error', role: 'alert'});
  const send = el('button', {type: 'submit', class: 'strong', 'data-tone': tone}, go);
  const form = el('form', {},
    el('h2', {id: `${id}-h`}, title),
    el('div', {id: `${id}-says`, class: 'says'}, says.map((words) => el('p', {}, prose(words)))),
    fields.map((field, i) => el('div', {class: 'field'}, el('label', {for: `${id}-${field.name}`}, field.label, !field.required && el('span', {class: 'muted'}, ' (optional)')),
      inputs[i], field.list && el('datalist', {id: `${id}-${field.name}-list`}, field.list.map((one) => el('option', {value: one}))),
      field.hint && el('p', {class: 'hint', id: `${id}-${field.name}-hint`}, field.hint))),
    error,
    el('div', {class: 'buttons'}, extra.map((one) => el('button', {type: 'button', class: 'quiet', onclick: () => { one.action(); dialog.close(); }}, one.words)),
      el('span', {class: 'grow'}), el('button', {type: 'button', class: 'quiet', onclick: () => dialog.close()}, 'Cancel'), send));
  const dialog = el('dialog', {class: 'ask', 'aria-labelledby': `${id}-h`, 'aria-describedby': `${id}-says`}, form);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    error.textContent = '';
    const values = {};
    fields.forEach((field, i) => { if (inputs[i].value.trim()) values[field.name] = inputs[i].value.trim(); });
    const missing = fields.findIndex((field) => field.required && !values[field.name]);
    if (missing >= 0) {
      error.textContent = `${fields[missing].label}: this is needed.`;
      inputs[missing].focus();
      return;
    }
    send.disabled = true;
    try {
      await submit(values);
      dialog.close();
    } catch (refused) {
      error.textContent = refused.message;
    } finally {
      send.disabled = false;
    }
  });
  dialog.addEventListener('close', () => {
    dialog.remove();
    const home = opener?.isConnected ? opener : key && [...document.querySelectorAll('[data-key]')].find((one) => one.dataset.key === key);
    (home && home !== document.body ? home : document.getElementById('fleet')).focus({preventScroll: true});
  });
  document.getElementById('dialogs').append(dialog);
  dialog.showModal();
  (inputs.find((one) => !one.value) ?? send).focus();
}

function input_of(field, id) {
  const common = {id, name: field.name, required: field.required, 'aria-describedby': field.hint ? `${id}-hint` : null};
  if (field.choices) return el('select', common, field.choices.map(([value, words]) => el('option', {value, selected: value === field.value}, words)));
  const node = field.lines ? el('textarea', {...common, rows: field.lines}) : el('input', {...common, type: field.secret ? 'password' : 'text',
    list: field.list ? `${id}-list` : null, pattern: field.pattern, autocomplete: 'off', spellcheck: 'false', title: field.pattern ? field.hint : null});
  node.value = field.value ?? '';
  return node;
}
