// Events come in floods; one frame takes all that came since the last.

const MOST_QUEUED = 4000;
const UNSEEN_MS = 3000;  // a page that nobody sees has no frames

// by_frames(take) → push. `take(list, cut)`: what was pushed, in order; `cut`: the
// oldest of it are missing, because there were too many.
export function by_frames(take) {
  let queue = [];
  let due = false;
  let cut = false;
  const frame = () => {
    const [list, was_cut] = [queue, cut];
    queue = [];
    due = cut = false;
    take(list, was_cut);
  };
  return (one) => {
    queue.push(one);
    if (queue.length > MOST_QUEUED) {
      queue.splice(0, MOST_QUEUED / 2);
      cut = true;
    }
    if (due) return;
    due = true;
    if (document.hidden) setTimeout(frame, UNSEEN_MS);
    else requestAnimationFrame(frame);
  };
}
