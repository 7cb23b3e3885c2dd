#!/usr/bin/env python3
"""A check that cannot fail is a defect: each rule of layers.py is broken once
in a small tree, and must be reported with its reason; the clean tree must not
be reported at all."""

import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import layers  # noqa: E402

CLEAN = {
    "README.md": "house\n",
    "reconciler/core/README.md": "core\n",
    "reconciler/core/plan.h": "#include <string>\n#include \"reconciler/core/ids.h\"\n",
    "reconciler/core/ids.h": "#include <string>\n",
    "reconciler/core/plan.cc": "#include \"reconciler/core/plan.h\"\n#include <nlohmann/json.hpp>\n"
                               "// std::thread and system(\"x\") in a comment are nobody's business\n"
                               "const char* k = \"popen(\";\nconst char* r = R\"(system(1)\nsystem(2))\";\n"
                               "std::system_error e;\nstd::snprintf(b, 9, f);\n",
    "reconciler/core/prometheus/README.md": "alerts\n",
    "reconciler/core/prometheus/a.cc": "#include <md4c-html.h>\n#include <yaml-cpp/yaml.h>\n",
    "reconciler/app/README.md": "app\n",
    "reconciler/app/pass.cc": "#include \"reconciler/core/plan.h\"\n#include <thread>\nauto t = steady_clock::now();\n",
    "reconciler/cli/README.md": "cli\n",
    "reconciler/cli/main.cc": "#include \"gitsource/git.h\"\n#include \"executor/ssh.h\"\n#include <CLI/CLI.hpp>\n",
    "gitsource/README.md": "git\n",
    "gitsource/git.h": "#include \"reconciler/core/ids.h\"\n",
    "gitsource/git_handles.h": "#include <git2.h>\n",
    "executor/README.md": "ssh\n",
    "executor/ssh.h": "#include <sys/types.h>\n",
    "tests/unit/README.md": "unit\n",
    "tests/unit/core/plan_test.cc": "#include <gtest/gtest.h>\n#include \"reconciler/core/plan.h\"\n"
                                    "sleep_for(1ms);  // lint-allow-sleep: the kernel has no event for this\n",
    "build/dev/generated.cc": "system(\"made by the build\");\n",
    ".hidden/x.cc": "system(\"not ours\");\n",
}

# (what is broken, file, content, rule, a part of the reason)
BROKEN = [
    ("core includes another room", "reconciler/core/a.cc", '#include "executor/ssh.h"\n', "room", "meaning of the product"),
    ("core includes app", "reconciler/core/a.cc", '#include "reconciler/app/x.h"\n', "room", "meaning of the product"),
    ("app includes a concrete class", "reconciler/app/a.cc", '#include "reconciler/store/s.h"\n', "room", "ports.h"),
    ("siblings include each other", "gitsource/a.cc", '#include "executor/ssh.h"\n', "room", "never include each other"),
    ("siblings with angle brackets", "gitsource/a.cc", "#include <executor/ssh.h>\n", "room", "never include each other"),
    ("store includes http", "reconciler/store/README.md|reconciler/store/a.cc", '#include "reconciler/http/s.h"\n', "room",
     "never include each other"),
    ("a room includes cli", "executor/a.cc", '#include "reconciler/cli/c.h"\n', "room", "never include each other"),
    ("product includes tests", "executor/a.cc", '#include "tests/support/fake.h"\n', "room", "never depends on its tests"),
    ("an include without a room", "executor/a.cc", '#include "ssh.h"\n', "include-path", "the room is visible"),
    ("third-party in a header", "executor/a.h", "#include <libssh2.h>\n", "third-party", "stop at .cc"),
    ("third-party in quotes in a header", "gitsource/a.h", '#include "git2.h"\n', "third-party", "stop at .cc"),
    ("json in a header of core", "reconciler/core/a.h", "#include <nlohmann/json_fwd.hpp>\n", "third-party", "stop at .cc"),
    ("json in a header of tests", "tests/unit/core/a.h", "#include <nlohmann/json.hpp>\n", "third-party", "stop at .cc"),
    ("yaml in a header of core", "reconciler/core/a.h", "#include <yaml-cpp/yaml.h>\n", "third-party", "stop at .cc"),
    ("markdown in a header of core", "reconciler/core/a.h", "#include <md4c-html.h>\n", "third-party", "stop at .cc"),
    ("core takes a stranger", "reconciler/core/a.cc", "#include <md4cx.h>\n", "pure-core", "I/O or threads"),
    ("core logs", "reconciler/core/a.cc", "#include <spdlog/spdlog.h>\n", "pure-core", "I/O or threads"),
    ("core has a thread", "reconciler/core/a.cc", "#include <thread>\n", "pure-core", "pure function"),
    ("core has a mutex", "reconciler/core/a.h", "#include <mutex>\n", "pure-core", "pure function"),
    ("core reads files", "reconciler/core/a.cc", "#include <fstream>\n", "pure-core", "pure function"),
    ("core prints", "reconciler/core/a.cc", "#include <iostream>\n", "pure-core", "pure function"),
    ("core calls the system", "reconciler/core/a.cc", "#include <unistd.h>\n", "pure-core", "pure function"),
    ("core calls sys/", "reconciler/core/a.cc", "#include <sys/stat.h>\n", "pure-core", "pure function"),
    ("core reads a clock", "reconciler/core/a.cc", "auto t = std::chrono::steady_clock::now();\n", "pure-core", "argument"),
    ("core reads the environment", "reconciler/core/a.cc", 'auto e = std::getenv("X");\n', "pure-core", "read once"),
    ("core prints with C", "reconciler/core/a.cc", 'std::fprintf(stderr, "x");\n', "pure-core", "as a value"),
    ("core draws randomness", "reconciler/core/a.cc", "std::random_device d;\n", "pure-core", "same plan"),
    ("popen", "executor/a.cc", 'FILE* f = popen("ls", "r");\n', "shell", "unquoted"),
    ("system", "executor/a.cc", "int r = std::system(cmd);\n", "shell", "unquoted"),
    ("host keys off in a script", "executor/a.sh", "ssh -o StrictHostKey" + "Checking=no h\n", "host-key", "R3.8"),
    ("known hosts off", "tests/unit/core/a.py", "x = 'UserKnownHosts" + "File=/dev/null'\n", "host-key", "R3.8"),
    ("a test sleeps", "tests/unit/core/a.cc", "std::this_thread::sleep_for(1s);\n", "sleep", "waits for an event"),
    ("a test sleeps without a reason", "tests/unit/core/a.cc", "usleep(5);  // lint-allow-sleep:\n", "sleep", "waits for"),
    ("a long file", "executor/a.cc", "int x;\n" * 401, "size", "new noun"),
    ("a long script", "executor/a.sh", ":\n" * 401, "size", "new noun"),
    ("no README", "reconciler/http/s.cc", "int x;\n", "readme", "purpose"),
    ("no README in tests", "tests/fault/s.cc", "int x;\n", "readme", "purpose"),
    ("a stray file at the top", "Makefile", "all:\n", "top-level", "newcomer"),
    ("a stray folder at the top", "utils/x.txt", "x\n", "top-level", "newcomer"),
    ("a file that includes itself", "executor/a.h", '#include "executor/a.h"\n', "cycle", "one file"),
]


def write(root, tree):
    for path, content in tree.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as f:
            f.write(content)


def lint(tree):
    with tempfile.TemporaryDirectory() as root:
        write(root, tree)
        return layers.Lint(root).run()


def main():
    failed = 0

    def check(ok, name, detail):
        nonlocal failed
        if not ok:
            failed += 1
            print(f"FAILED: {name}: {detail}")

    found = lint(CLEAN)
    check(not found, "the clean tree is clean", found)
    for name, path, content, rule, why in BROKEN:
        tree = dict(CLEAN)
        for part in path.split("|"):
            tree[part] = content if not part.endswith(".md") else "x\n"
        found = lint(tree)
        hits = [f for f in found if f"[{rule}]" in f and why in f]
        check(len(hits) == 1, name, found)
        check(len(found) == len(hits), name + " (and nothing else)", found)

    ring = dict(CLEAN)
    ring["executor/a.h"] = '#include "executor/b.h"\n'
    ring["executor/b.h"] = '#include "executor/c.h"\n'
    ring["executor/c.h"] = '#include "executor/a.h"\n'
    found = lint(ring)
    check(len(found) == 1 and "executor/a.h -> executor/b.h -> executor/c.h -> executor/a.h" in found[0],
          "a cycle over three files is told as a path", found)
    print(f"{len(BROKEN) + 2} cases, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
