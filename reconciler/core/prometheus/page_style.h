// How the pages look: what stands in their <style> and in style.css.
#pragma once

#include <string_view>

namespace maand {

// Follows the reader's light or dark scheme. Holds no `{{` and no `}}`, because
// Prometheus reads the page around it as a template.
inline constexpr std::string_view kPageStyle = R"css(:root {
  color-scheme: light dark;
  --text: #1f2328;
  --dim: #59636e;
  --back: #ffffff;
  --panel: #f6f8fa;
  --line: #d1d9e0;
  --link: #0969da;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6edf3;
    --dim: #9198a1;
    --back: #0d1117;
    --panel: #161b22;
    --line: #3d444d;
    --link: #4493f8;
  }
}
body {
  margin: 0;
  background: var(--back);
  color: var(--text);
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
main { max-width: 52rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; overflow-wrap: break-word; }
h1, h2, h3, h4 { line-height: 1.25; margin: 1.6em 0 0.6em; }
h1 { margin-top: 0; }
h1, h2 { padding-bottom: 0.3em; border-bottom: 1px solid var(--line); }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: 0.875em; }
code { background: var(--panel); padding: 0.15em 0.35em; border-radius: 4px; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 0.9em 1em; overflow-x: auto; }
pre code { background: none; padding: 0; font-size: 1em; }
blockquote { margin: 1em 0; padding: 0 1em; color: var(--dim); border-left: 4px solid var(--line); }
table { border-collapse: collapse; display: block; max-width: 100%; overflow-x: auto; }
th, td { border: 1px solid var(--line); padding: 0.4em 0.8em; }
th { background: var(--panel); }
img { max-width: 100%; }
hr { border: 0; border-top: 1px solid var(--line); margin: 2em 0; }
li.task-list-item { list-style: none; margin-left: -1.4em; }
)css";

}  // namespace maand
