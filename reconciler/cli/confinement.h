// Gives up, for the rest of a process, what it will not need: files and the network.
#pragma once

#include <string>
#include <vector>

namespace maand {

// From now on this thread, and those it starts, can open nothing but what lies below
// `readable`, for reading, can make, remove and run nothing, and (Linux 6.7) connect
// nowhere over TCP. What is open stays open. False: the kernel has no Landlock
// (before 5.13, or switched off), and nothing has changed.
bool confine_to(const std::vector<std::string>& readable);

}  // namespace maand
