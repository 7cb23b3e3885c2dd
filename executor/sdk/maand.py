"""What a hook of a job uses to speak with maand: variables, secrets, demands, semaphores, workers.

Put beside every hook, so that `import maand` finds it. Needs nothing but Python 3.7 and its standard
library. What it returns can be asked as `requests` answers: status_code, text, json(), raise_for_status().
"""

import http.client
import json as _json
import os
import shlex
import subprocess
import sys

_HOST = os.environ.get("JOB_COMMAND_API_HOST", "127.0.0.1")
_PORT = int(os.environ.get("JOB_COMMAND_API_PORT") or 8080)


class MaandError(Exception):
    """The runtime API refused something; `response` says what."""

    def __init__(self, message, response=None):
        super().__init__(message)
        self.response = response


HTTPError = MaandError


class Response:
    """An answer of the runtime API."""

    def __init__(self, status_code, content, headers, method, path):
        self.status_code = status_code
        self.content = content
        self.headers = headers
        self._request = "%s %s" % (method, path)

    @property
    def ok(self):
        return self.status_code < 400

    @property
    def text(self):
        return self.content.decode("utf-8", "replace")

    def json(self):
        return _json.loads(self.text)

    def raise_for_status(self):
        if not self.ok:
            raise MaandError("%s: %d %s" % (self._request, self.status_code, self.text.strip()), self)

    def __bool__(self):
        return self.ok

    def __repr__(self):
        return "<Response [%d]>" % self.status_code


class _Answered:
    """Adds to a list or a dict what can be asked of the response that it came from."""

    def _of(self, response):
        self.response = response
        self.status_code = response.status_code
        self.text = response.text
        self.ok = response.ok
        self.raise_for_status = response.raise_for_status
        self.json = response.json
        return self


class _List(list, _Answered):
    pass


class _Dict(dict, _Answered):
    pass


# ---- identity ---------------------------------------------------------------------------------


def allocation_id():
    return os.environ["ALLOCATION_ID"]


def allocation_ip():
    return os.environ["ALLOCATION_IP"]


def allocation_index():
    return int(os.environ["ALLOCATION_INDEX"])


def is_allocation_disabled():
    return os.environ.get("DISABLED", "0") == "1"


def command_event():
    return os.environ["EVENT"]


def command_name():
    return os.environ["COMMAND"]


def job_name():
    return os.environ["JOB"]


# ---- the API ----------------------------------------------------------------------------------


def _call(method, path, body=None, timeout=60):
    headers = {
        "X-ALLOCATION-ID": os.environ.get("ALLOCATION_ID", ""),
        "EVENT": os.environ.get("EVENT", ""),
        "COMMAND": os.environ.get("COMMAND", ""),
    }
    token = os.environ.get("MAAND_HOOK_TOKEN")
    if token:
        headers["Authorization"] = "Bearer " + token
    data = None
    if body is not None:
        data = _json.dumps(body).encode("utf-8")
        headers["Content-Type"] = "application/json"
    # http.client knows no proxies, which have no business on loopback.
    connection = http.client.HTTPConnection(_HOST, _PORT, timeout=timeout)
    try:
        connection.request(method, path, body=data, headers=headers)
        reply = connection.getresponse()
        return Response(reply.status, reply.read(), dict(reply.getheaders()), method, path)
    finally:
        connection.close()


def _must(response):
    response.raise_for_status()
    return response


# ---- variables and secrets --------------------------------------------------------------------


def _variables():
    return "vars/job/" + job_name()


def _secrets():
    return "secrets/job/" + job_name()


def _named(default, names, count):
    """(key, …) of the job's own namespace, or (namespace, key, …)."""
    if len(names) == count:
        return (default,) + tuple(names)
    if len(names) == count + 1:
        return tuple(names)
    raise TypeError("expected %d arguments, or a namespace before them; got %d" % (count, len(names)))


def get_store_value(namespace, key):
    """The answer of the API; its json() has `value`, unless that is empty."""
    return _call("GET", "/kv", {"namespace": namespace, "key": key})


def get_kv_value(namespace, key):
    """The value itself. Raises MaandError."""
    return _must(get_store_value(namespace, key)).json().get("value", "")


def put_job_variable(*names):
    """put_job_variable(key, value), in vars/job/<own job>."""
    namespace, key, value = _named(_variables(), names, 2)
    return _call("PUT", "/kv", {"namespace": namespace, "key": key, "value": _as_text(value)})


def delete_job_variable(*names):
    """delete_job_variable(key)"""
    namespace, key = _named(_variables(), names, 1)
    return _call("DELETE", "/kv", {"namespace": namespace, "key": key})


def put_job_secret(*names):
    """put_job_secret(key, value), in secrets/job/<own job>."""
    namespace, key, value = _named(_secrets(), names, 2)
    return _call("PUT", "/kv/secret", {"namespace": namespace, "key": key, "value": _as_text(value)})


def delete_job_secret(*names):
    """delete_job_secret(key)"""
    namespace, key = _named(_secrets(), names, 1)
    return _call("DELETE", "/kv/secret", {"namespace": namespace, "key": key})


def list_job_keys(namespace=None):
    """{namespace: [key, …]} of vars/job/<own job> and secrets/job/<own job>, or of the one that is named."""
    response = _must(_call("GET", "/kv/keys", {"namespace": namespace} if namespace else {}))
    return _Dict(response.json()["namespaces"])._of(response)


def _as_text(value):
    return value if isinstance(value, str) else str(value)


def get_rollout_order():
    """The workers of this job, in the order in which they roll out."""
    value = get_kv_value("maand/job/" + job_name(), "rollout_order")
    return [worker for worker in value.split(",") if worker]


def put_rollout_order(workers):
    """Only in pre_deploy and cli. `workers`: a list, or names with commas between them."""
    value = workers if isinstance(workers, str) else ",".join(workers)
    return _call("PUT", "/kv", {"namespace": "maand/job/" + job_name(), "key": "rollout_order", "value": value})


def list_command_demands():
    """[{job, command, demand_config}, …]: who demands this command."""
    response = _must(_call("GET", "/demands"))
    return _List(response.json())._of(response)


# ---- semaphores -------------------------------------------------------------------------------


def acquire_semaphore(name, capacity=1, timeout_seconds=600):
    """Waits until it may go on. Raises MaandError when that takes too long. Released at the hook's end."""
    wait = timeout_seconds if timeout_seconds and timeout_seconds > 0 else 600
    body = {"name": name, "capacity": capacity, "timeout_seconds": wait}
    response = _must(_call("POST", "/semaphore/acquire", body, timeout=min(wait, 3600) + 30))
    return _Dict(response.json())._of(response)


def release_semaphore(name):
    response = _must(_call("POST", "/semaphore/release", {"name": name}))
    return _Dict(response.json())._of(response)


def semaphore_status(name):
    from urllib.parse import quote

    response = _must(_call("GET", "/semaphore/status?name=" + quote(name, safe="")))
    return _Dict(response.json())._of(response)


# ---- workers ----------------------------------------------------------------------------------


def find_bucket_root():
    """The nearest directory with a maand.conf above the working directory, or above this file."""
    for start in (os.getcwd(), os.path.dirname(os.path.abspath(__file__))):
        at = start
        while True:
            if os.path.isfile(os.path.join(at, "maand.conf")):
                return at
            parent = os.path.dirname(at)
            if parent == at:
                break
            at = parent
    raise MaandError("there is no maand.conf above %s" % os.getcwd())


def load_ssh():
    """(user, key file, sudo) of maand.conf. The key is there only with hooks.expose_key: run_ssh needs none."""
    root = find_bucket_root()
    found = {}
    with open(os.path.join(root, "maand.conf")) as conf:
        for line in conf:
            name, equals, value = line.partition("=")
            if equals:
                found[name.strip()] = value.strip().strip("'\"")
    name = found.get("ssh_key") or "worker.key"
    key = os.path.join(root, "secrets", name)
    if not os.path.exists(key) and os.path.exists(os.path.join(root, name)):
        key = os.path.join(root, name)
    return found.get("ssh_user") or "root", key, found.get("use_sudo", "false").lower() == "true"


def run_ssh(worker_ip, cmd, timeout=300, check=True, connect_timeout=15):
    """Runs `cmd` in a shell on a worker, with sudo where that worker says so; a CompletedProcess with text.

    maand connects, with its key and its known host keys. 124: it took longer than `timeout` seconds; 255:
    the worker was not reached. `check`: anything but 0 raises CalledProcessError.
    """
    command = cmd if isinstance(cmd, str) else " ".join(shlex.quote(word) for word in cmd)
    body = {"worker_ip": worker_ip, "command": command, "timeout": timeout}
    answer = _must(_call("POST", "/ssh", body, timeout=timeout + connect_timeout + 120)).json()
    done = subprocess.CompletedProcess(["ssh", worker_ip, command], answer["returncode"], answer["stdout"],
                                       answer["stderr"])
    if check and done.returncode != 0:
        sys.stderr.write(done.stderr)
        raise subprocess.CalledProcessError(done.returncode, done.args, done.stdout, done.stderr)
    return done


def run_make_target(worker_ip, target, job=None, timeout=300, check=True, env=None):
    """`make <target>` in the directory of a job (this hook's) on a worker."""
    root = os.environ.get("MAAND_WORKER_ROOT", "/opt/worker")
    bucket = get_kv_value("maand/bucket", "bucket_id")
    directory = "/".join([root, bucket, "jobs", job or job_name()])
    variables = {"CURRENT_VERSION": os.environ.get("CURRENT_VERSION", ""),
                 "NEW_VERSION": os.environ.get("NEW_VERSION", "")}
    variables.update(env or {})
    words = ["env"] + ["%s=%s" % pair for pair in sorted(variables.items())]
    words += ["make", "-s", "-C", directory, "--", target]
    return run_ssh(worker_ip, words, timeout=timeout, check=check)


def run_runner_target(worker_ip, target, job=None, timeout=300, check=True, env=None):
    """As run_make_target: there is no runner between maand and make."""
    return run_make_target(worker_ip, target, job=job, timeout=timeout, check=check, env=env)


# ---- earlier names ----------------------------------------------------------------------------

get_allocation_id = allocation_id
get_allocation_ip = allocation_ip
get_allocation_index = allocation_index
get_event = command_event
get_command = command_name
get_job = job_name
kv_get = get_store_value
kv_put = put_job_variable
kv_put_secret = put_job_secret
get_demands = list_command_demands
put_deploy_order = put_rollout_order
get_deploy_order = get_rollout_order
