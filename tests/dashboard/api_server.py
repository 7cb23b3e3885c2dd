"""A daemon of the test's own: the files of the page as they lie in the source, the
contract of the API with answers that a test sets, and a stream of events it feeds."""

import hashlib
import json
import os
import queue
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".svg": "image/svg+xml"}


def policy_of(source):
    """The policy the product sends with a page, read where it is defined."""
    with open(os.path.join(source, "reconciler/http/answer_text.cc"), encoding="utf-8") as file:
        definition = re.search(r'kPagePolicy =\s*((?:"[^"]*"\s*)+);', file.read()).group(1)
    return "".join(re.findall(r'"([^"]*)"', definition))


def reasons_of(source):
    with open(os.path.join(source, "reconciler/core/reason.cc"), encoding="utf-8") as file:
        found = re.findall(r'return\s*\{\s*"(\w+)",\s*((?:"[^"]+"\s*)+)\}', file.read())
    return {name: "".join(re.findall(r'"([^"]+)"', words)) for name, words in found}


class ApiServer:
    def __init__(self, source):
        self.folder = os.path.join(source, "reconciler/http/dashboard")
        self.policy = policy_of(source)
        self.reasons = reasons_of(source)
        self.lock = threading.Lock()
        self.reset()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                server.get(self)

            def do_POST(self):
                server.post(self)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def reset(self):
        """What a test may set; each starts from this."""
        self.status = {}
        self.plan = {"commit": "", "unchanged": 0, "jobs": [], "waiting": []}
        self.commits = []
        self.files = {}        # (job, worker) → list
        self.notes = {}        # commit → text
        self.logs = {}         # (job, worker) → text
        self.tokens = {}       # token → (name, role); empty: no token needed
        self.anonymous = {"name": "", "role": "read"}
        self.offered = ["reconcile", "suspend", "resume", "rollback", "retry", "release"]
        self.orders = []       # (path, body, authorization)
        self.refusals = {}     # path → (status, error)
        self.reads = []        # (path, if-none-match)
        self.resumed_after = []
        self.down = False      # answers nothing
        self.base = ""         # what every path has in front: `/buckets/lab` of a daemon of several
        self.streams = getattr(self, "streams", [])
        for stream in self.streams:
            stream.put(None)
        self.streams = []
        self.sent = []         # (id, text)

    def close(self):
        self.reset()
        self.http.shutdown()
        self.http.server_close()

    # ---- events

    def emit(self, kind, **data):
        with self.lock:
            number = f"1-{len(self.sent) + 1}"
            event = {"at": "2026-11-26T12:30:00.000Z", "kind": kind, **data}
            text = f"id: {number}\nevent: {kind}\ndata: {json.dumps(event)}\n\n"
            self.sent.append((number, text))
            for stream in self.streams:
                stream.put(text)

    def break_streams(self):
        with self.lock:
            for stream in self.streams:
                stream.put(None)
            self.streams = []

    def stream(self, request):
        mine = queue.Queue()
        after = request.headers.get("Last-Event-ID")
        with self.lock:
            self.resumed_after.append(after)
            ids = [number for number, _ in self.sent]
            if after in ids:
                for _, text in self.sent[ids.index(after) + 1:]:
                    mine.put(text)
            self.streams.append(mine)
        request.send_response(200)
        request.send_header("Content-Type", "text/event-stream")
        request.send_header("Connection", "close")
        request.end_headers()
        request.close_connection = True
        try:
            request.wfile.write(b": hello\n\n")
            while True:
                text = mine.get()
                if text is None:
                    return
                request.wfile.write(text.encode())
                request.wfile.flush()
        except OSError:
            return

    # ---- requests

    def answer(self, request, status, body, content_type="application/json", **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request.send_response(status)
        request.send_header("Content-Type", content_type)
        request.send_header("Content-Length", str(len(data)))
        request.send_header("Connection", "close")
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(data)
        request.close_connection = True

    def who(self, request):
        given = request.headers.get("Authorization", "")
        if not self.tokens or not given:
            return self.anonymous
        name, role = self.tokens.get(given.removeprefix("Bearer "), ("", "none"))
        return {"name": name, "role": role}

    def get(self, request):
        if self.down:
            request.connection.close()
            request.close_connection = True
            return
        path = urlsplit(request.path).path
        if not path.startswith(self.base + "/"):
            self.answer(request, 404, {"error": f"{path} is not below {self.base}/"})
            return
        path = path.removeprefix(self.base)
        if path == "/" or path.startswith("/dashboard/"):
            self.page(request, "index.html" if path == "/" else path.removeprefix("/dashboard/"))
            return
        route = [unquote(part) for part in path.removeprefix("/api/v1/").split("/")]
        who = self.who(request)
        with self.lock:
            self.reads.append((path, request.headers.get("If-None-Match")))
        if route == ["openapi.json"]:
            self.answer(request, 200, {"paths": {f"/api/v1/{order}": {"post": {}} for order in self.offered}})
        elif route == ["whoami"]:
            self.answer(request, 200, who)
        elif who["role"] == "none":
            self.answer(request, 401, {"error": "this needs a token"})
        elif path.removeprefix("/api/v1/") in self.refusals:
            status, error = self.refusals[path.removeprefix("/api/v1/")]
            self.answer(request, status, {"error": error})
        elif route == ["events"]:
            self.stream(request)
        elif route in (["status"], ["plan"], ["commits"]):
            self.answer_once(request, getattr(self, route[0]))
        elif route[0] == "plan" and len(route) == 3:
            job, worker = route[1:]
            self.answer(request, 200, {"job": job, "worker": worker, "files": self.files.get((job, worker), [])})
        elif route[0] == "commits" and len(route) == 3:
            if route[1] in self.notes:
                self.answer(request, 200, {"commit": route[1], "note": self.notes[route[1]]})
            else:
                self.answer(request, 404, {"error": f"there is no note on {route[1]}"})
        elif route[0] == "logs" and len(route) == 3:
            self.log(request, *route[1:])
        else:
            self.answer(request, 404, {"error": f"there is no {path}"})

    def answer_once(self, request, body):
        etag = 'W/"' + hashlib.sha256(json.dumps(body).encode()).hexdigest()[:16] + '"'
        if request.headers.get("If-None-Match") == etag:
            request.send_response(304)
            request.send_header("ETag", etag)
            request.send_header("Connection", "close")
            request.end_headers()
            request.close_connection = True
        else:
            self.answer(request, 200, body, ETag=etag)

    def log(self, request, job, worker):
        text = self.logs.get((job, worker), "")
        start = int(parse_qs(urlsplit(request.path).query).get("from", ["0"])[0])
        start = max(0, len(text) + start) if start < 0 else 0 if start > len(text) else start
        self.answer(request, 200, {"job": job, "worker": worker, "from": start, "next": len(text), "text": text[start:]})

    def page(self, request, name):
        if name == "reasons.js":
            body = ("export const REASONS = " + json.dumps(self.reasons) + ";\n").encode()
        elif name in os.listdir(self.folder) and os.path.splitext(name)[1] in TYPES:
            with open(os.path.join(self.folder, name), "rb") as file:
                body = file.read()
        else:
            self.answer(request, 404, {"error": "there is no " + name})
            return
        self.answer(request, 200, body, TYPES[os.path.splitext(name)[1]], Content_Security_Policy=self.policy,
                    X_Content_Type_Options="nosniff", Cache_Control="no-cache")

    def post(self, request):
        path = request.path.removeprefix(self.base).removeprefix("/api/v1/")
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        self.orders.append((path, body, request.headers.get("Authorization")))
        if self.who(request)["role"] != "operate":
            self.answer(request, 403, {"error": "orders need a token of role operate"})
        elif path in self.refusals:
            status, error = self.refusals[path]
            self.answer(request, status, {"error": error})
        else:
            self.answer(request, 200, {"message": f"{path}: noted"})
