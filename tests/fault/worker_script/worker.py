"""A worker of this machine, spoken to as the controller does, without sshd.

The script parts are joined, fed to a shell through stdin with header and tar
stream, and the reply is parsed. Which shell: `dash`, `bash` (POSIX mode) or
`busybox` (ash and nothing but busybox applets and make in PATH).
"""

import hashlib
import io
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
PARTS = ("worker_script.sh", "worker_front.sh", "worker_landing.sh",
         "worker_previous.sh", "worker_confirm.sh", "worker_look.sh", "worker_run.sh")


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


SCRIPT = "".join(read(os.path.join(ROOT, "executor", part)) for part in PARTS).encode()


class Shell:
    """A PATH and a `sh` in a directory of its own: bash is in POSIX mode when it is called sh."""

    def __init__(self, name, directory):
        self.name = name
        self.env = {"HOME": "/root", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        os.makedirs(directory, exist_ok=True)
        self.path = os.path.join(directory, "sh")
        if name == "busybox":
            busybox = shutil.which("busybox")
            for applet in subprocess.check_output([busybox, "--list"], text=True).split():
                os.symlink(busybox, os.path.join(directory, applet))
            os.symlink(shutil.which("make"), os.path.join(directory, "make"))
            self.env["PATH"] = directory
        else:
            os.symlink(shutil.which(name), self.path)

    def command(self):
        size = len(SCRIPT)
        return [self.path, "-c",
                f"exec {self.path} -c 'SELF=$(dd bs={size} count=1 iflag=fullblock 2>/dev/null); "
                f"[ ${{#SELF}} = {size - 1} ] && eval \"$SELF\"; echo maand1 cut' maand {self.path}"]


def list_id(files):
    return hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest()


class Link(str):
    """Content of a shipped symlink: its target."""


def tar_stream(op, ships, files, base, extra):
    """`files`: path -> text or Link; a path that ends in .sh is executable."""
    out = io.BytesIO()
    attributes = {}
    tar = tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT)

    def add(name, content, mode=0o644):
        info = tarfile.TarInfo(name)
        info.mode = mode
        if isinstance(content, Link):
            info.type, info.linkname = tarfile.SYMTYPE, str(content)
            tar.addfile(info)
        else:
            data = content.encode()
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))

    send = {p: c for p, c in sorted(files.items())
            if base is None or p not in base or base[p] != c or type(base[p]) is not type(c)}
    if ships != "no":
        add("meta/dirs", "".join(sorted({os.path.dirname(p) + "\n" for p in send})))
        if ships == "previous":
            for mode, executable in (("755", True), ("644", False)):
                attributes[mode] = "".join(f"+{p}\n" for p, c in send.items()
                                           if not isinstance(c, Link) and p.endswith(".sh") == executable)
            add("meta/attributes", "".join(f"={mode} -\n{paths}" for mode, paths in attributes.items()))
            send = {}  # the worker has them
        add("meta/paths", "".join(p + "\n" for p in sorted(files)))
        add("meta/digests", "".join(f"{hashlib.sha256(c.encode()).hexdigest()}  {p}\n"
                                    for p, c in sorted(files.items()) if not isinstance(c, Link)))
    add("meta/worker.json", '{"worker": 1}')
    add("meta/jobs.json", "[]")
    for path, content in send.items():
        add("f/" + path, content, 0o755 if path.endswith(".sh") else 0o644)
    for path, content in (extra or {}).items():
        add(path, content)
    add("end", op + "\n")
    tar.close()
    return out.getvalue()


class Reply(dict):
    """`state` of the receipt, or `condition` of the refusal; `log` is what came on stderr."""

    def __init__(self, op, out, log):
        super().__init__()
        self.op, self.log, self.raw = op, log, out.decode()
        for line in self.raw.splitlines():
            key, _, value = line.partition(" ")
            self[key] = value

    def word(self):
        return self.get("state") or self.get("condition")

    def whole(self):
        return self.raw.startswith("maand1 hello\n") and self.get("end") == self.op


class Call:
    """One contact: a process with its stdin still to be fed."""

    def __init__(self, shell, op, seq, data):
        self.op, self.seq, self.data = op, seq, data
        self.process = subprocess.Popen(shell.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=shell.env, start_new_session=True, cwd="/")

    def feed(self):
        """Sends everything and closes stdin; to be followed by reply() some time."""
        try:
            self.process.stdin.write(self.data)
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.stdin = None
        return self

    def reply(self, cut=None):
        data = None if self.process.stdin is None else self.data[:cut]
        out, log = self.process.communicate(data, timeout=100)
        return Reply(self.op, out, log)


class Worker:
    def __init__(self, shell, root):
        self.shell, self.root, self.seq = shell, root, 0
        self.bucket = root + "/b1"
        self.state = self.bucket + "/.maand"
        self.job = self.bucket + "/jobs/api"
        self.kept = self.state + "/jobs/api"

    def call(self, mode="run", target="none", files=None, base=None, ships="yes", op=None, seq=None, extra=None, **header):
        """`extra`: more members of the stream, such as the record."""
        if seq is None:
            self.seq += 1
            seq = self.seq
        op = op or hashlib.md5(str(seq).encode()).hexdigest()
        files = files or {}
        lines = {"do": mode, "op": op, "seq": f"{seq:019d}", "root": self.root, "bucket": "b1", "worker": "w1",
                 "job": "api", "target": target, "ships": ships, "base": "any" if base is None else list_id(base),
                 "list": list_id(files), "epoch": f"{header.pop('epoch', 1):019d}", "expect": 0, "timeout": 30,
                 "current": "0.0.0", "new": "1.0", "attempt": 1, "previous": "none", "offset": 0}
        lines.update(header)
        data = SCRIPT + "".join(f"{k} {v}\n" for k, v in lines.items()).encode() + b"\n"
        if mode == "run":
            data += tar_stream(op, ships, files, base, extra)
        return Call(self.shell, op, seq, data)

    def run(self, cut=None, **request):
        return self.call(**request).reply(cut)

    def ask(self, call, **request):
        return self.run(mode="ask", op=call.op, seq=call.seq, **request)

    def path(self, name):
        return os.path.join(self.job, name)

    def read(self, name):
        return read(self.path(name))

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)

    def runs(self):
        """What targets have appended to data/runs."""
        return self.read("data/runs").split() if os.path.exists(self.path("data/runs")) else []

    def processes(self, role):
        """Process ids of the script's role (`front`, `run`, `make`) on this worker."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    argv = f.read().split(b"\0")[:-1]
                with open(f"/proc/{pid}/environ", "rb") as f:
                    environ = f.read()
            except OSError:
                continue
            if b"maand" not in argv or argv[0] != self.shell.path.encode():
                continue
            is_ours = role == "front" or f"S={self.root}/".encode() in environ or role == "make"
            if is_ours and argv[-1] == (self.shell.path if role == "front" else role).encode():
                found.append(int(pid))
        return found


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def wait_until(what, condition):
    end = time.monotonic() + 60
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for: {what}")
        time.sleep(0.005)


class Place:
    """A directory of a test's own with a shell in it."""

    def __init__(self, shell_name):
        self.directory = tempfile.mkdtemp(prefix="maand-worker-")
        self.shell = Shell(shell_name, self.directory + "/bin")

    def worker(self, name="root"):
        return Worker(self.shell, f"{self.directory}/{name}")

    def close(self):
        shutil.rmtree(self.directory, ignore_errors=True)
