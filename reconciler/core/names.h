// Which names a workspace may use. The strict grammar of workspace.md ("Where we
// differ on purpose"): what passes here needs no care in a path, on a command
// line or in an address.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace maand {

// [A-Za-z0-9][A-Za-z0-9_.-]{0,62}
bool is_job_name(std::string_view text);
inline constexpr const char* kJobNameGrammar =
    "use 1 to 63 letters, digits, `_`, `.` and `-`, the first a letter or digit";

// [a-z][a-z0-9_]* (workspace.md 2.3)
bool is_port_name(std::string_view text);

// `command_` and what may follow in the name of a job: it names a file and a
// program (workspace.md 2.5).
bool is_command_name(std::string_view text);
inline constexpr const char* kCommandNameGrammar =
    "write `command_` and letters, digits, `_`, `.` and `-`, at most 63 characters in all";

// An IPv4 or IPv6 address, or a DNS name (RFC 1123: letters, digits and `-`; a
// name whose last part is all digits is a mistyped address). No zone, no port.
bool is_host(std::string_view text);
bool is_ipv4(std::string_view text);
bool is_ipv6(std::string_view text);
inline constexpr const char* kHostGrammar = "write an IPv4 or IPv6 address or a DNS name";

// A login name that can be nothing else: no white space, `@`, `:`, `/` and no leading `-`.
bool is_user(std::string_view text);

// user@host:port, with an IPv6 address in brackets.
bool is_jump(std::string_view text);

// A relative path without `.`, `..` and empty components, backslash, control
// characters or bytes that are no UTF-8; components of at most 255 bytes.
// nullopt: acceptable. Else what is wrong with it, to follow the path in a sentence.
std::optional<std::string> path_problem(std::string_view path);

// `ssh-ed25519 AAAA… [comment]` → `ssh-ed25519 AAAA…`; nullopt: no public host key (R3.8).
std::optional<std::string> normal_host_key(std::string_view line);

}  // namespace maand
