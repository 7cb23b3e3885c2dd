#!/usr/bin/env python3
"""Checks the rules of the house that no compiler checks.

usage: layers.py [ROOT]

Prints one line per violation: `file:line: [rule] what. why`. Exit 0 when there
is none, 1 otherwise. `layers_selftest.py` proves that each rule can fail.
"""

import os
import re
import sys

# Which room may include which others; every room may include itself.
# Order matters: the first prefix that fits names the room.
ROOMS = {
    "reconciler/core": [],
    "reconciler/app": ["reconciler/core"],
    "reconciler/store": ["reconciler/core"],
    "reconciler/http": ["reconciler/core"],
    "reconciler/outbound": ["reconciler/core"],
    "reconciler/cli": ["reconciler/core", "reconciler/app", "reconciler/store", "reconciler/http", "reconciler/outbound",
                       "gitsource", "executor"],
    "gitsource": ["reconciler/core"],
    "executor": ["reconciler/core"],
    "tests": None,  # tests may look into every room
}

# The one-way flow in a sentence, told with every wrong include.
WHY_ROOM = {
    "reconciler/core": "core is the meaning of the product: it must be testable without any other room",
    "reconciler/app": "app speaks to the interfaces of reconciler/core/ports.h; only reconciler/cli sees concrete classes",
    None: "rooms beside one another never include each other, so that one can be replaced without the rest",
}

TOP_LEVEL = {
    "CMakeLists.txt", "CMakePresets.json", "reconciler", "gitsource", "executor", "tests", "charts", "packaging",
    "README.md", "LICENSE", "CHANGELOG.md", "docs", "quickstart.sh", "test.sh",
}
NOT_OURS = {"build", "dist"}  # made by the build, ignored by git

STD = set("""
algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv chrono cinttypes climits
clocale cmath compare complex concepts condition_variable coroutine csetjmp csignal cstdarg cstddef cstdint cstdio
cstdlib cstring ctime cuchar cwchar cwctype deque exception execution expected filesystem format forward_list fstream
functional future initializer_list iomanip ios iosfwd iostream istream iterator latch limits list locale map memory
memory_resource mutex new numbers numeric optional ostream queue random ranges ratio regex scoped_allocator semaphore
set shared_mutex source_location span spanstream sstream stack stacktrace stdexcept stop_token streambuf string
string_view strstream syncstream system_error thread tuple type_traits typeindex typeinfo unordered_map unordered_set
utility valarray variant vector version""".split())

# Headers of the operating system: no third party, but nothing for core either.
SYSTEM = re.compile(
    r"^((sys|netinet|arpa|net|linux|asm|bits)/.*|(unistd|fcntl|signal|poll|pwd|grp|pthread|dirent|dlfcn|netdb|sched|"
    r"spawn|syslog|termios|utime|glob|fnmatch|ifaddrs|pty|mntent|sysexits|features|endian|stdio|stdlib|string|strings|"
    r"errno|time|math|limits|stdint|stddef|ctype|assert|wordexp|getopt|langinfo|locale|execinfo|cxxabi|malloc)(\.h)?)$")

CORE_THIRD_PARTY = re.compile(r"^((nlohmann|openssl|toml\+\+|yaml-cpp)/|md4c(-html)?\.h$)")
TEST_THIRD_PARTY = re.compile(r"^(gtest|gmock|benchmark)/")
CORE_FORBIDDEN_STD = {"thread", "mutex", "shared_mutex", "condition_variable", "future", "latch", "barrier", "semaphore",
                      "stop_token", "fstream", "iostream", "csignal", "syncstream"}
CORE_FORBIDDEN_TEXT = [
    (re.compile(r"::\s*now\s*\("), "reads a clock", "time comes in as an argument, so that tests decide what time it is"),
    (re.compile(r"(?<![\w.>])(?:std::)?(f?printf|f?puts|putchar|fopen|fwrite|perror)\s*\("), "does I/O",
     "core has no I/O; what it has to say comes back as a value"),
    (re.compile(r"\bgetenv\s*\("), "reads the environment", "the environment is read once, by reconciler/app/config"),
    (re.compile(r"\brandom_device\b"), "draws randomness", "the same input must give the same plan"),
]

CODE_FORBIDDEN = [
    ("shell", re.compile(r"(?<![\w])(popen|system)\s*\("), "starts a shell",
     "nothing from a workspace may reach a shell unquoted; run programs with an argument list"),
]
HOST_KEY = re.compile(r"StrictHostKeyChecking[= ]+[\"']?(no|off)\b|UserKnownHostsFile[= ]+[\"']?/dev/null", re.IGNORECASE)
SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep)\s*\(|(?<![\w.:>])sleep\s*\(")
SLEEP_ALLOWED = re.compile(r"lint-allow-sleep:\s*\S.{3,}")

SOURCES = (".cc", ".h", ".sh", ".py")
MAX_LINES = 400
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Lint:
    def __init__(self, root):
        self.root = root
        self.found = []
        self.graph = {}  # file -> [(line, included file)]

    def report(self, path, line, rule, what, why):
        self.found.append(f"{path}:{line}: [{rule}] {what}. Why: {why}.")

    def files(self):
        for folder, dirs, names in os.walk(self.root):
            rel = os.path.relpath(folder, self.root)
            dirs[:] = sorted(d for d in dirs if not (rel == "." and (d.startswith(".") or d in NOT_OURS))
                             and d != "__pycache__")
            for name in sorted(names):
                yield os.path.normpath(os.path.join(rel, name))

    def run(self):
        self.check_top_level()
        folders = {}
        for path in self.files():
            folder = os.path.dirname(path)
            folders.setdefault(folder, set()).add(os.path.basename(path))
            if not path.endswith(SOURCES):
                continue
            with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as f:
                lines = f.read().split("\n")
            if lines and lines[-1] == "":
                lines.pop()
            self.check_size(path, lines)
            self.check_host_keys(path, lines)
            if path.endswith((".cc", ".h")):
                self.check_code(path, lines)
        self.check_readmes(folders)
        self.check_cycles()
        return self.found

    def check_top_level(self):
        for name in sorted(os.listdir(self.root)):
            if not name.startswith(".") and name not in TOP_LEVEL | NOT_OURS:
                self.report(name, 1, "top-level", "does not belong at the top level",
                            "a newcomer should see the rooms at once; shared script parts live under tests/package")

    def check_size(self, path, lines):
        if len(lines) > MAX_LINES:
            self.report(path, MAX_LINES + 1, "size", f"has {len(lines)} lines, more than {MAX_LINES}",
                        "a file answers one question; the cure is a new noun with a file of its own, never a _utils")

    def check_host_keys(self, path, lines):
        for number, line in enumerate(lines, 1):
            if HOST_KEY.search(line):
                self.report(path, number, "host-key", "turns host key checking off",
                            "host keys are always checked (R3.8), in tests and scripts as well: people copy them")

    def check_code(self, path, lines):
        room = room_of(path)
        self.graph[path] = []
        code = strip_comments(lines)
        for number, line in enumerate(code, 1):
            match = INCLUDE.match(lines[number - 1]) if line.lstrip().startswith("#") else None
            if match:
                self.check_include(path, room, number, match.group(1), match.group(2))
                continue
            for rule, pattern, what, why in CODE_FORBIDDEN:
                if pattern.search(line):
                    self.report(path, number, rule, what, why)
            if room == "reconciler/core":
                for pattern, what, why in CORE_FORBIDDEN_TEXT:
                    if pattern.search(line):
                        self.report(path, number, "pure-core", what, why)
            if room == "tests" and SLEEP.search(line):
                near = lines[max(0, number - 2):number]
                if not any(SLEEP_ALLOWED.search(n) for n in near):
                    self.report(path, number, "sleep", "sleeps in a test",
                                "a test waits for an event, or it is slow on a good day and red on a bad one; "
                                "where there is no event, say so: `// lint-allow-sleep: <reason>`")

    def check_include(self, path, room, number, kind, target):
        if room_of(target) and (kind == '"' or os.path.exists(os.path.join(self.root, target))):
            self.graph[path].append((number, target))
            self.check_room(path, room, number, room_of(target), target)
        elif kind == '"' and "/" not in target and not self.is_third_party(target):
            self.report(path, number, "include-path", f'includes "{target}" without its room',
                        "includes are written from the top of the project, so that the room is visible")
        elif target in STD or SYSTEM.match(target):
            if room == "reconciler/core" and (target in CORE_FORBIDDEN_STD or target.startswith("sys/")
                                              or target in ("unistd.h", "fcntl.h", "signal.h", "poll.h", "pthread.h")):
                self.report(path, number, "pure-core", f"includes <{target}>",
                            "core has no I/O, no thread, no clock and no log, so that every decision is a pure function")
        else:
            self.check_third_party(path, room, number, target)

    def is_third_party(self, target):
        return target.endswith(".hpp") or re.match(r"^(git2|libssh2|httplib|sqlite3|archive)", target) is not None

    def check_room(self, path, room, number, other, target):
        if other == room or room is None:
            return
        if room != "tests" and other == "tests":
            self.report(path, number, "room", f"includes {target}", "what ships never depends on its tests")
        elif ROOMS[room] is not None and other not in ROOMS[room]:
            why = WHY_ROOM.get(room, WHY_ROOM[None])
            self.report(path, number, "room", f"{room} includes {target} of {other}", why)

    def check_third_party(self, path, room, number, target):
        if room == "tests" and TEST_THIRD_PARTY.match(target):
            return
        if path.endswith(".h") and not path.endswith("_handles.h"):
            self.report(path, number, "third-party", f"a header includes <{target}>",
                        "third-party headers stop at .cc files (and *_handles.h): everyone who includes us would "
                        "compile them and could come to depend on them")
        if room == "reconciler/core" and not CORE_THIRD_PARTY.match(target):
            self.report(path, number, "pure-core", f"includes <{target}>",
                        "core uses the standard library, and nlohmann, openssl, toml++, yaml-cpp and md4c inside .cc files; "
                        "other libraries bring I/O or threads with them")

    def check_readmes(self, folders):
        for folder, names in sorted(folders.items()):
            if not room_of(folder + "/") or not any(n.endswith(SOURCES) for n in names) or "README.md" in names:
                continue
            parent = os.path.dirname(folder)
            if parent.startswith("tests/") and "README.md" in folders.get(parent, set()):
                continue  # tests/unit/README.md speaks for tests/unit/core
            self.report(f"{folder}/README.md", 1, "readme", f"{folder} has sources and no README.md",
                        "each folder says its purpose, what it may include and its invariants")

    def check_cycles(self):
        state, trail = {}, []

        def visit(path):
            state[path] = "open"
            trail.append(path)
            for number, target in self.graph.get(path, []):
                if state.get(target) == "open":
                    ring = trail[trail.index(target):] + [target]
                    self.report(path, number, "cycle", "include cycle: " + " -> ".join(ring),
                                "two files that need each other are one file, or a third is missing")
                elif target not in state:
                    visit(target)
            trail.pop()
            state[path] = "done"

        for path in sorted(self.graph):
            if path not in state:
                visit(path)


def room_of(path):
    for room in ROOMS:
        if path.startswith(room + "/"):
            return room
    return None


def strip_comments(lines):
    """Blanks comments and the inside of string literals; keeps line numbers."""
    out, in_block, raw_end = [], False, None
    token = re.compile(r'//.*|/\*.*?\*/|/\*.*|R"([^()\s\\]*)\(|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])+\'')
    for line in lines:
        if raw_end is not None:
            at = line.find(raw_end)
            if at < 0:
                out.append("")
                continue
            line, raw_end = line[at + len(raw_end):], None
        if in_block:
            at = line.find("*/")
            if at < 0:
                out.append("")
                continue
            line, in_block = line[at + 2:], False
        kept, pos = [], 0
        while True:
            match = token.search(line, pos)
            if not match:
                kept.append(line[pos:])
                break
            kept.append(line[pos:match.start()])
            text = match.group(0)
            pos = match.end()
            if text.startswith("//"):
                break
            if text.startswith("/*") and not text.endswith("*/"):
                in_block = True
                break
            if text.startswith('R"'):
                closing = ")" + match.group(1) + '"'
                at = line.find(closing, pos)
                if at < 0:
                    raw_end = closing
                    break
                pos = at + len(closing)
            kept.append('""' if text[0] in "R\"" else " ")
        out.append("".join(kept))
    return out


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    found = Lint(os.path.abspath(root)).run()
    for line in found:
        print(line)
    print(f"{len(found)} violation(s)")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
