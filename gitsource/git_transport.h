// The network half of gitsource, a program of its own: it may hang, crash or
// grow, and is killed for it (README.md).
#pragma once

namespace maand {

// Reads one JSON request from stdin, does it, writes progress lines and one
// JSON answer to stdout. Secrets come as paths only. Returns the exit status.
// `maand git-transport` is this and nothing else; arguments are ignored.
int git_transport_main(int argc, char** argv);

}  // namespace maand
