"""Answers of the API for the states that the page has to show well."""

import copy
import datetime
import hashlib


def commit(number):
    return hashlib.sha1(f"commit {number}".encode()).hexdigest()


HEAD, OLD, OLDER = commit(3), commit(2), commit(1)


def allocation(job, worker, version="1.3.0", state="running", health="healthy", of=HEAD):
    return {"job": job, "worker": worker, "state": state, "version": version, "health": health, "commit": of,
            "last_target": "restart", "last_result": "failed" if state == "failed" else "confirmed",
            "last_operation": hashlib.md5(f"{job}{worker}".encode()).hexdigest()}


def action(job, worker, verb="restart", reason="VersionChanged", old="1.2.0", new="1.3.0", why=None):
    why = why or f"the version changes from {old} to {new}"
    return {"job": job, "worker": worker, "action": verb, "reason": reason, "sentence": f"{job}@{worker}: {verb}, because {why}",
            "current_version": old, "new_version": new}


def plan_job(job, actions, wave=0, **more):
    return {"job": job, "leaving": False, "wave": wave, "held": False, "actions": actions, **more}


def run(job, state, batch=0, batches=0, done=0, total=0, reason="Unchanged", detail="", of=HEAD):
    return {"job": job, "commit": of, "state": state, "reason": reason, "detail": detail, "batch": batch, "batches": batches,
            "done": done, "total": total}


def ago(minutes, seconds=0):
    time = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=minutes, seconds=seconds)
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def past(number, of, state="applied", summary="", cause="commit", minutes=4, took=18):
    return {"id": number, "commit": of, "state": state, "cause": cause, "started_at": ago(minutes, 5 + took),
            "finished_at": ago(minutes, 5), "summary": summary}


def status(name="prod", state="applied", phase="idle", head=HEAD, applied=HEAD, allocations=(), rollout=(), aside=(), **more):
    return {"bucket_id": "1952312a-64f0-41c5-845e-b5499e564ebf", "name": name, "phase": phase, "pending": False, "requested": 7,
            "served": 7, "head": head, "applied_commit": applied, "source": {"state": "Ready", "detail": ""}, "state": state,
            "workers_set_aside": list(aside), "suspended": [], "pinned": [],
            "pass": {"name": name, "commit": head if state == "held" else applied, "state": state, "cause": "commit", "counts": {}, "allocations": [], "jobs": [],
                     "diagnostics": [], "attempts": []},
            "rollout": list(rollout), "allocations": list(allocations), **more}


VERSIONS = {"api": "1.3.0", "billing": "2.0.4", "edge-proxy": "4.11.2", "postgres": "16.2", "scheduler": "0.9.1", "web": "1.3.0"}
PLACES = {"api": range(1, 9), "billing": range(5, 9), "edge-proxy": range(1, 3), "postgres": range(9, 12), "scheduler": range(3, 5),
          "web": range(1, 9)}
UNPROBED = {"scheduler"}
HISTORY = [past(42, HEAD, summary="8 restarted, 19 unchanged"), past(41, OLD, summary="2 started, 25 unchanged", minutes=95),
           past(40, OLDER, "rolled_back", "3 restarted, 24 unchanged", minutes=180, took=42),
           past(39, commit(0), "refused", "", minutes=205, took=0), past(38, commit(-1), "held", "25 unchanged", minutes=250, took=0)]


def worker(n):
    return f"10.0.0.{n}"


def fleet(**changes):
    """Allocations of a healthy fleet; `changes` are replaced by (job, worker number)."""
    return [allocation(job, worker(n), VERSIONS[job], health="unprobed" if job in UNPROBED else "healthy")
            for job, where in PLACES.items() for n in where]


def plan(jobs=(), unchanged=27, of=HEAD, waiting=()):
    return {"commit": of, "unchanged": unchanged, "jobs": list(jobs), "waiting": list(waiting)}


def empty():
    return {"status": status(state="pending", head="", applied="", source={"state": "WaitingForFirstCommit",
            "detail": "the repository has no commit yet; push one to main"}), "plan": plan(unchanged=0, of=""), "commits": []}


def healthy():
    return {"status": status(allocations=fleet()), "plan": plan(), "commits": copy.deepcopy(HISTORY)}


def rolling():
    """api in its second batch of four; web comes after it; billing is done."""
    allocations = fleet()
    for one in allocations:
        number = int(one["worker"].rsplit(".", 1)[1])
        if one["job"] == "api" and number > 2:
            one.update(version="1.2.0", commit=OLD)
        if one["job"] == "api" and number in (3, 4):
            one.update(state="unsettled")
        if one["job"] == "web":
            one.update(version="1.2.0", commit=OLD)
    left = [plan_job("api", [action("api", worker(n)) for n in range(3, 9)]),
            plan_job("web", [action("web", worker(n)) for n in range(1, 9)], wave=1)]
    runs = [run("api", "running", 2, 4, 2, 8), run("billing", "done", 1, 1, 4, 4),
            run("web", "waiting", 0, 8, 0, 8, "Blocked", "it demands api 1.3.0, which is in batch 2 of 4")]
    return {"status": status(state="applied", phase="rolling out", applied=OLD, allocations=allocations, rollout=runs),
            "plan": plan(left, unchanged=13), "commits": [past(43, HEAD, "applying")] + copy.deepcopy(HISTORY[1:])}


def troubled():
    """A held job, a blocked one, a worker out of reach, an unhealthy allocation."""
    allocations = fleet()
    for one in allocations:
        if one["job"] == "billing" and one["worker"] == worker(5):
            one.update(state="failed", version="2.0.3", commit=OLD)
        if one["job"] == "billing" and one["worker"] != worker(5):
            one.update(version="2.0.3", commit=OLD)
        if one["job"] == "web" and one["worker"] == worker(2):
            one.update(health="unhealthy")
        if one["job"] == "edge-proxy" and one["worker"] == worker(1):
            one.update(state="stopped")
    aside = [{"worker": worker(7), "condition": "Unreachable", "detail": "no answer from 10.0.0.7 port 22 within 10 s"},
             {"worker": worker(11), "condition": "DiskFull", "detail": "64 MiB are needed below /opt/worker and 12 MiB are free"}]
    runs = [run("billing", "failed", 1, 4, 0, 4, "GateFailed", "billing@10.0.0.5: http GET :8400/healthz answered 503 for 30 rounds"),
            run("web", "waiting", 2, 8, 1, 8, "Unavailable", "web@10.0.0.2 (unhealthy), web@10.0.0.7 (unreachable)"),
            run("api", "degraded", 4, 4, 7, 8, "WorkerCondition", "api@10.0.0.7 (Unreachable)")]
    waiting = [{**action("postgres", worker(11), "none", "Unsettled", "16.2", "16.2"),
                "sentence": "postgres@10.0.0.11: none, because the end of an earlier operation is not known yet"}]
    jobs = [plan_job("web", [action("web", worker(n)) for n in range(3, 9)]),
            plan_job("billing", [], held=True, reason="GateFailed", detail="billing@10.0.0.5: http GET :8400/healthz answered 503 for 30 rounds")]
    return {"status": status(state="held", applied=OLD, allocations=allocations, rollout=runs, aside=aside,
                             notes_problem="refs/notes/maand: the remote refused the push (protected ref)"),
            "plan": plan(jobs, unchanged=14, waiting=waiting),
            "commits": [past(44, HEAD, "held", "1 failed, 1 restarted, 25 unchanged")] + copy.deepcopy(HISTORY[1:])}


def refused():
    return {"status": status(state="applied", applied=OLD, allocations=fleet()), "plan": plan(of=OLD),
            "commits": [past(45, HEAD, "refused")] + copy.deepcopy(HISTORY[1:])}


def suspended():
    world = healthy()
    world["status"]["suspended"] = [{"job": None, "actor": "ada", "reason": "moving the rack", "until": "2026-11-26T15:00:00Z"},
                                    {"job": "web", "actor": "lin", "reason": "checkout freeze", "until": "2026-11-27T08:00:00Z"}]
    return world


def large(workers=200, jobs=50):
    names = [f"service-{j:02d}" for j in range(jobs)]
    allocations = []
    for w in range(workers):
        for j, name in enumerate(names):
            mark = (w * 31 + j * 17) % 997
            state = "failed" if mark == 5 else "stopped" if mark == 11 else "running"
            health = "unhealthy" if mark == 3 else "unprobed" if j % 9 == 0 else "healthy"
            allocations.append(allocation(name, f"10.{w // 100}.{w % 100}.1", f"{j}.1.0", state, health))
    return {"status": status(name="large", allocations=allocations), "plan": plan(unchanged=workers * jobs), "commits": copy.deepcopy(HISTORY)}


PROBE = '<img src=x onerror="window.broken=1"><script>window.broken=2</script>"\'&lt;'


def hostile():
    """Every string that comes from outside tries to be markup."""
    world = troubled()
    keep = {"state", "phase", "health", "change", "severity", "started_at", "finished_at", "until", "action", "head", "applied_commit"}

    def spoil(value, name=""):
        if isinstance(value, dict):
            return {key: spoil(one, key) for key, one in value.items()}
        if isinstance(value, list):
            return [spoil(one, name) for one in value]
        if isinstance(value, str) and value and name not in keep:
            return value + PROBE
        return value

    world = spoil(world)
    world["status"]["suspended"] = [{"job": None, "actor": PROBE, "reason": PROBE, "until": PROBE}]
    world["status"]["drained"] = [{"worker": PROBE, "actor": PROBE, "reason": PROBE, "since": PROBE, "until": PROBE}]
    world["status"]["store_problem"] = PROBE
    world["status"]["source"] = {"state": PROBE, "detail": PROBE}
    world["status"]["pass"]["diagnostics"] = [{"severity": "error", "path": PROBE, "field": PROBE, "message": PROBE, "advice": PROBE}]
    return world
