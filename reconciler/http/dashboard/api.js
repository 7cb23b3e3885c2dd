// The one place that asks the daemon: the token, ETags, and errors as the API words them.

// Beside the page: /api/v1/, or /buckets/<name>/api/v1/ where a daemon serves several.
const ROOT = new URL('../api/v1/', import.meta.url).pathname;
// A token of one bucket is not shown to another on the same address.
const KEY = 'maand-token' + (ROOT === '/api/v1/' ? '' : ` ${ROOT}`);

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;  // 0: nobody answered
  }
}

export const token = () => sessionStorage.getItem(KEY) ?? '';
export function set_token(text) {
  if (text) sessionStorage.setItem(KEY, text);
  else sessionStorage.removeItem(KEY);
  known.clear();
}

// Called when an answer is 401.
let on_unknown = () => {};
export const when_unknown = (callback) => { on_unknown = callback; };

export function headers(more = {}) {
  const out = {...more};
  if (token()) out.Authorization = `Bearer ${token()}`;
  return out;
}

export async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(ROOT + path, {
      cache: 'no-store', redirect: 'error',
      // Beyond loopback a browser may have opened the page with the token as a password.
      credentials: token() ? 'omit' : 'same-origin', ...options, headers: headers(options.headers),
    });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new ApiError(0, 'nothing answers');
  }
  if (response.status === 401) on_unknown();
  return response;
}

async function failure(response) {
  let words = '';
  try {
    words = (await response.json()).error;
  } catch { /* an answer of somebody in between */ }
  return new ApiError(response.status, typeof words === 'string' && words ? words : `the answer was ${response.status} ${response.statusText}`);
}

export async function get(path, signal) {
  const response = await call(path, {signal});
  if (!response.ok) throw await failure(response);
  return response.json();
}

// As get, but null when it is what it was the last time.
const known = new Map();
export async function get_changed(path) {
  const etag = known.get(path);
  const response = await call(path, {headers: etag ? {'If-None-Match': etag} : {}});
  if (response.status === 304) return null;
  if (!response.ok) throw await failure(response);
  const body = await response.json();
  const fresh = response.headers.get('ETag');
  if (fresh) known.set(path, fresh);
  return body;
}
export const forget_etags = () => known.clear();

export async function post(path, body) {
  const response = await call(path, {
    method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body),
  });
  if (!response.ok) throw await failure(response);
  return (await response.json()).message ?? '';
}

export const place = (job, worker) => `${encodeURIComponent(job)}/${encodeURIComponent(worker)}`;
