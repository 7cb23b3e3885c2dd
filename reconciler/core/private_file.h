// May a file with a secret be used, or could somebody have read it?
#pragma once

namespace maand {

// Its owner alone may use it; or it is root's, nobody may write to it, and the one group that may
// read it is root's or our own. So are secrets handed over that are not ours to own: systemd gives
// credentials an access list, whose mask stands where the group's bits do, and Kubernetes gives
// volumes a group. `mode` and the numbers are those of stat(2) and getegid(2).
constexpr bool is_private_file(unsigned mode, unsigned owner, unsigned group, unsigned our_group) {
  if ((mode & 077U) == 0) return true;
  return owner == 0 && (group == 0 || group == our_group) && (mode & 0337U) == 0;
}

}  // namespace maand
