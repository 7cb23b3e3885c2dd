// What changes in the files of one allocation, asked for when somebody looks.
import {el, fill} from './dom.js';
import {get, place} from './api.js';

export async function show_files(node, job, worker) {
  fill(node, el('p', {class: 'muted', role: 'status'}, 'Reading what changes…'));
  try {
    const {files = []} = await get(`plan/${place(job, worker)}`);
    fill(node, files.length ? files.map(one_file) : el('p', {class: 'muted'}, 'No file changes.'));
  } catch (error) {
    fill(node, el('p', {class: 'error', role: 'alert'}, error.message));
  }
}

const SIGNS = {added: '+', removed: '−', changed: '~'};

function one_file(file) {
  const facts = [];
  if (file.old_bytes !== undefined || file.new_bytes !== undefined) {
    facts.push(file.old_bytes === undefined ? `${file.new_bytes} bytes` : file.new_bytes === undefined ? `${file.old_bytes} bytes` : `${file.old_bytes} → ${file.new_bytes} bytes`);
  }
  if (file.new_mode) facts.push(file.old_mode ? `${file.old_mode} → ${file.new_mode}` : file.new_mode);
  if (file.note) facts.push(file.note);
  return el('figure', {class: 'file'},
    el('figcaption', {}, el('b', {'aria-hidden': 'true'}, SIGNS[file.change] ?? '~'), el('code', {}, file.path), el('span', {class: 'muted'}, [file.change, ...facts].join(', '))),
    file.diff?.length ? el('pre', {class: 'diff', tabindex: '0', 'aria-label': `Changes of ${file.path}`}, lines(file.diff), file.cut && el('span', {class: 'hunk'}, '… the diff goes on')) : null);
}

function lines(diff) {
  const list = Array.isArray(diff) ? diff : String(diff).split('\n');
  return list.map((line) => {
    const kind = line.startsWith('@@') ? 'hunk' : line.startsWith('+') ? 'plus' : line.startsWith('-') ? 'minus' : 'same';
    return el('span', {class: kind}, line);
  });
}
