-- The variables of one bucket, as of kNewestKvSchema in migrations.h. A file of
-- its own (R7.2): it outlives the rollout state and is backed up with its key.
--
-- Times are nanoseconds since 1970.

-- One row.
CREATE TABLE store (
  id        INTEGER PRIMARY KEY CHECK (id = 1),
  revision  INTEGER NOT NULL DEFAULT 0,  -- rises with every change that anybody could read
  key_check TEXT    NOT NULL DEFAULT ''  -- sealed with the key of the secrets: tells another key from the right one
) STRICT;
INSERT INTO store (id) VALUES (1);

-- A row per version; the highest of a key is what is read (workspace.md 6.3).
-- `value` comes last: it may be long, and most statements need what is before it.
CREATE TABLE versions (
  namespace     TEXT    NOT NULL,
  key           TEXT    NOT NULL,
  version       INTEGER NOT NULL,
  written_at_ns INTEGER NOT NULL,
  deleted       INTEGER NOT NULL,
  secret        INTEGER NOT NULL,
  value         TEXT    NOT NULL,  -- sealed when `secret`; empty when `deleted`
  PRIMARY KEY (namespace, key, version)
) STRICT;
CREATE INDEX versions_sealed ON versions (secret) WHERE secret = 1;
