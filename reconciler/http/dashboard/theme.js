// Light, dark, or as the system says; remembered in this browser.
const KEY = 'maand-theme';
const NEXT = {auto: 'light', light: 'dark', dark: 'auto'};
const WORDS = {auto: 'Theme: as the system', light: 'Theme: light', dark: 'Theme: dark'};

export function theme(button) {
  let now = NEXT[localStorage.getItem(KEY)] ? localStorage.getItem(KEY) : 'auto';
  const show = () => {
    if (now === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = now;
    button.setAttribute('aria-label', WORDS[now]);
    button.title = WORDS[now];
  };
  button.addEventListener('click', () => {
    now = NEXT[now];
    localStorage.setItem(KEY, now);
    show();
  });
  show();
}
