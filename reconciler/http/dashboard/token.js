// Who we are for the daemon: the token, kept for this tab only, and the role it has.
import {ask} from './dialog.js';
import {ApiError, get, set_token, token} from './api.js';

// {name, role}; role 'none' when it takes a token that we do not have.
export async function who_am_i() {
  try {
    const {name, role} = await get('whoami');
    return {name: name ?? '', role: role ?? 'none'};
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return {name: '', role: 'read'};
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return {name: '', role: 'none', why: error.message};
    throw error;
  }
}

let asking = false;
export function ask_token(why, changed) {
  if (asking || document.querySelector('dialog[open]')) return;
  asking = true;
  ask({
    title: 'Token',
    says: [...(why ? [why] : []), 'A token decides what you may see and order here; `maand token` on the control host makes one.', 'It is kept for this tab only and forgotten when you close it.'],
    fields: [{name: 'token', label: 'Token', required: true, secret: true}],
    go: 'Use it',
    extra: token() ? [{words: 'Forget token', action: () => { set_token(''); location.reload(); }}] : [],
    submit: async (values) => {
      const before = token();
      set_token(values.token);
      const who = await who_am_i();
      if (who.role === 'none') {
        set_token(before);
        throw new Error(who.why ?? 'maand does not know this token.');
      }
      changed();
    },
  });
  asking = false;
}
