// What /proc says of processes: who descends from whom, what they spend, whose a connection is.
// Only Linux. All of it may have changed by the time it is told.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace maand {

// Children, their children and so on; parents before their children. Ends early once there are `most`.
std::vector<pid_t> descendants_of(pid_t root, std::size_t most = SIZE_MAX);

struct ProcessUse {
  int tasks = 0;            // processes and their threads
  std::uint64_t bytes = 0;  // memory of their own that is in use
};
ProcessUse use_of(const std::vector<pid_t>& processes);

// Processes and threads of a user on this machine.
int tasks_of_user(uid_t user);

// The inode of the client's end of a TCP connection over loopback; nullopt: none is known.
std::optional<std::uint64_t> client_socket(std::uint16_t client_port, std::uint16_t server_port);

// Does one of them hold that socket?
bool hold_socket(const std::vector<pid_t>& processes, std::uint64_t inode);

// Kills whatever has that variable (`NAME=value`) in its environment, until nothing has.
void kill_all_with(std::string_view variable);

}  // namespace maand
