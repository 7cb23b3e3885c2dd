-- What one bucket keeps, as of the newest schema (the number is kNewestSchema in
-- migrations.h). A new file is made from this text; an older file is brought up
-- by the steps in migrations.cc, which must end at exactly this text.
--
-- Words (actions, targets, results) are the words of the core's to_string, so
-- that a person can read the file with the sqlite3 shell. Times are nanoseconds
-- since 1970. An empty text means "none"; NULL only where a column says so.

-- One row.
CREATE TABLE bucket (
  id       INTEGER PRIMARY KEY CHECK (id = 1),
  head     TEXT    NOT NULL DEFAULT '',  -- last commit that was judged
  applied  TEXT    NOT NULL DEFAULT '',  -- last commit whose pass ended `applied`
  last_seq INTEGER NOT NULL DEFAULT 0,   -- never falls: newer operations supersede older ones on workers
  epoch    INTEGER NOT NULL DEFAULT 1,   -- R3.12
  claimed_seq INTEGER NOT NULL DEFAULT 0  -- whatever ran before it, anywhere, is known; never falls
) STRICT;
INSERT INTO bucket (id) VALUES (1);

-- File lists, each stored once however many allocations have it.
CREATE TABLE file_sets (
  list_id TEXT PRIMARY KEY,  -- FileSet::list_id, hex; recomputed and compared at every load
  files   TEXT NOT NULL      -- a line per file: mode[:permissions:owner:group], size, SHA-256, blob or '-', path
) STRICT;

-- One row per allocation that was ever touched: AppliedAllocation.
CREATE TABLE allocations (
  job              TEXT    NOT NULL,
  worker           TEXT    NOT NULL,
  endpoint         TEXT    NOT NULL,  -- JSON: how to reach the worker, as of the last contact (R3.9)
  running          INTEGER NOT NULL,
  version          TEXT    NOT NULL,
  files            TEXT REFERENCES file_sets (list_id),  -- NULL: nothing known to lie there whole
  rendered_values  TEXT    NOT NULL,  -- what `files` was rendered with: SHA-256 over the values read
  rendered_version TEXT    NOT NULL,
  rendered_seq     INTEGER NOT NULL,
  baseline         TEXT    NOT NULL,
  commit_id        TEXT    NOT NULL,
  tree             TEXT    NOT NULL,
  last             TEXT    NOT NULL,
  last_target      TEXT    NOT NULL,
  last_operation   TEXT    NOT NULL,
  attempts         INTEGER NOT NULL,
  interruptions    INTEGER NOT NULL,
  interrupted_boot TEXT    NOT NULL,
  missing_target   INTEGER NOT NULL,
  stop_failed      INTEGER NOT NULL,
  attempted_head   TEXT    NOT NULL,
  reboot_loop      INTEGER NOT NULL,
  health           TEXT    NOT NULL,
  stopped_actor    TEXT,              -- NULL: not stopped by an operator (R5.7)
  stopped_reason   TEXT,
  confirmed_at_ns  INTEGER NOT NULL DEFAULT 0,  -- when commit_id was; 0: before schema 2
  holds            TEXT    NOT NULL DEFAULT '',  -- numbers of ports it may listen on: `8080 8081`
  moved_from       TEXT    NOT NULL DEFAULT '',  -- the job whose directory still holds it
  stopped_since_ns INTEGER NOT NULL DEFAULT 0,   -- of stopped_actor; 0: before schema 7
  stopped_until_ns INTEGER NOT NULL DEFAULT 0,   -- 0: until an operator starts it
  ran_seq          INTEGER NOT NULL DEFAULT 0,   -- newest operation that is known to have run there (R7.3)
  PRIMARY KEY (job, worker)
) STRICT;
CREATE INDEX allocations_files ON allocations (files);

-- ConfirmedBefore (R5.2): what was confirmed on an allocation before the rollout that is
-- not through yet. And what it was taken back from. No row: neither.
CREATE TABLE ways_back (
  job              TEXT    NOT NULL,
  worker           TEXT    NOT NULL,
  kept             INTEGER NOT NULL,  -- 0: the columns up to `ports_held` say nothing
  running          INTEGER NOT NULL,  -- 0: new in that rollout
  version          TEXT    NOT NULL,
  files            TEXT REFERENCES file_sets (list_id),
  rendered_values  TEXT    NOT NULL,
  rendered_version TEXT    NOT NULL,
  rendered_seq     INTEGER NOT NULL,
  baseline         TEXT    NOT NULL,
  commit_id        TEXT    NOT NULL,
  tree             TEXT    NOT NULL,
  ports_held       TEXT    NOT NULL,
  rolled_back_from TEXT    NOT NULL,
  PRIMARY KEY (job, worker),
  FOREIGN KEY (job, worker) REFERENCES allocations (job, worker) ON DELETE CASCADE
) STRICT;
CREATE INDEX ways_back_files ON ways_back (files);

-- Drift (R5.9): what the last look at an allocation found, and when it was healed. No row: neither.
CREATE TABLE drifts (
  job          TEXT    NOT NULL,
  worker       TEXT    NOT NULL,
  kind         TEXT    NOT NULL,            -- '': in order, kept for healed_at_ns
  paths        TEXT    NOT NULL,            -- one a line
  more         INTEGER NOT NULL,            -- of paths
  detail       TEXT    NOT NULL,
  since_ns     INTEGER NOT NULL,
  heal         INTEGER NOT NULL,            -- the next pass puts it right
  healed_at_ns INTEGER NOT NULL,            -- 0: never
  PRIMARY KEY (job, worker),
  FOREIGN KEY (job, worker) REFERENCES allocations (job, worker) ON DELETE CASCADE
) STRICT;

-- The open operation of an allocation: begun and not settled (R3.4). Everything
-- that is needed to ask the worker about it, or to send it again, after a restart.
CREATE TABLE operations (
  job             TEXT    NOT NULL,
  worker          TEXT    NOT NULL,
  id              TEXT    NOT NULL UNIQUE,
  seq             INTEGER NOT NULL,
  action          TEXT    NOT NULL,
  endpoint        TEXT    NOT NULL,   -- JSON
  files           TEXT    NOT NULL REFERENCES file_sets (list_id),
  base            TEXT REFERENCES file_sets (list_id),  -- NULL: unknown, send everything
  rendered_values  TEXT    NOT NULL,
  rendered_version TEXT    NOT NULL,
  rendered_seq     INTEGER NOT NULL,
  current_version TEXT    NOT NULL,
  new_version     TEXT    NOT NULL,
  attempt         INTEGER NOT NULL,
  previous        TEXT    NOT NULL,
  timeout_s       INTEGER NOT NULL,
  epoch           INTEGER NOT NULL,
  worker_json     TEXT    NOT NULL,
  jobs_json       TEXT    NOT NULL,
  expect_marker   INTEGER NOT NULL,
  ports           TEXT    NOT NULL DEFAULT '',  -- what it is run with: `http=8080 metrics=9100`
  PRIMARY KEY (job, worker),
  FOREIGN KEY (job, worker) REFERENCES allocations (job, worker) ON DELETE CASCADE
) STRICT;
CREATE INDEX operations_files ON operations (files);
CREATE INDEX operations_base ON operations (base);

-- JobRecord.
CREATE TABLE jobs (
  job           TEXT    PRIMARY KEY,
  target_commit TEXT    NOT NULL,
  target_tree   TEXT    NOT NULL,
  good_commit   TEXT    NOT NULL,
  good_tree     TEXT    NOT NULL,
  held_reason   TEXT    NOT NULL,
  held_detail   TEXT    NOT NULL,
  held_tree     TEXT    NOT NULL,
  held_commit   TEXT    NOT NULL,
  held_since_ns INTEGER NOT NULL,
  wave          INTEGER NOT NULL,
  released_tree TEXT    NOT NULL
) STRICT;

-- JobRecord: what is left of a rollout. No row: nothing.
CREATE TABLE job_rollouts (
  job            TEXT    PRIMARY KEY REFERENCES jobs (job) ON DELETE CASCADE,
  rollback       TEXT    NOT NULL,  -- how far going back is (R5.2)
  failed_version TEXT    NOT NULL,
  failures       INTEGER NOT NULL,
  bake_tree      TEXT    NOT NULL,
  bake_left_ms   INTEGER NOT NULL   -- R2.9; only time that was watched counts
) STRICT;

-- JobRecord::failed_keys: hold keys that failed earlier and are not tried again (R5.3).
CREATE TABLE failed_keys (
  job         TEXT    NOT NULL REFERENCES jobs (job) ON DELETE CASCADE,
  position    INTEGER NOT NULL,
  tree        TEXT    NOT NULL,
  commit_id   TEXT    NOT NULL,
  reason      TEXT    NOT NULL,
  detail      TEXT    NOT NULL,
  since_ns    INTEGER NOT NULL,
  rolled_back INTEGER NOT NULL,
  PRIMARY KEY (job, position)
) STRICT;

-- PortTable: which number a declared port has; stays while the job declares it (workspace.md 4.1).
CREATE TABLE ports (
  job    TEXT    NOT NULL,
  name   TEXT    NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (job, name)
) STRICT;

-- WorkerRecord: one row per worker whose own records this store has read or made.
CREATE TABLE workers (
  host         TEXT    PRIMARY KEY,
  instance     TEXT    NOT NULL,            -- id of its marker (R3.5); '': not seen yet
  adopt_marker INTEGER NOT NULL,
  was          TEXT    NOT NULL,            -- R3.6
  away_ns      INTEGER NOT NULL,            -- R3.9; 0: it could be reached the last time
  tried_ns     INTEGER NOT NULL
) STRICT;

-- Past passes; the newest kKeptPasses stay.
CREATE TABLE passes (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  commit_id      TEXT    NOT NULL,
  state          TEXT    NOT NULL,
  cause          TEXT    NOT NULL,
  started_at_ns  INTEGER NOT NULL,
  finished_at_ns INTEGER NOT NULL,
  summary        TEXT    NOT NULL,
  json           TEXT    NOT NULL
) STRICT;

-- Outbox of notes that are not pushed yet: the newest section per commit (R4.4).
CREATE TABLE notes (
  position  INTEGER PRIMARY KEY AUTOINCREMENT,
  commit_id TEXT NOT NULL UNIQUE,
  text      TEXT NOT NULL,
  json      TEXT NOT NULL
) STRICT;

-- Outbox of what is to be said to services outside: Letter. No secret is in it.
CREATE TABLE letters (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  channel       TEXT    NOT NULL,
  subject       TEXT    NOT NULL,
  json          TEXT    NOT NULL,
  created_at_ns INTEGER NOT NULL,
  refusals      INTEGER NOT NULL,
  not_before_ns INTEGER NOT NULL,
  UNIQUE (channel, subject)
) STRICT;

-- What ran of allocations that are not on record any more (R7.3).
CREATE TABLE forgotten (
  job     TEXT    NOT NULL,
  worker  TEXT    NOT NULL,
  ran_seq INTEGER NOT NULL,  -- as in allocations; never falls
  PRIMARY KEY (job, worker)
) STRICT;

-- What operators did; kept for ever (R7.4).
CREATE TABLE audit (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ns   INTEGER NOT NULL,
  actor   TEXT    NOT NULL,
  action  TEXT    NOT NULL,
  subject TEXT    NOT NULL,
  detail  TEXT    NOT NULL
) STRICT;

CREATE TABLE settings (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
