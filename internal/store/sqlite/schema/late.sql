-- Indexes over columns that older files get by migration, and andon's own
-- tables. They come after the columns: an index over a missing one would keep an
-- old board from opening.

CREATE INDEX IF NOT EXISTS idx_tasks_tenant      ON tasks (tenant);
CREATE INDEX IF NOT EXISTS idx_tasks_idempotency ON tasks (idempotency_key);
CREATE INDEX IF NOT EXISTS idx_tasks_session_id  ON tasks (session_id);
CREATE INDEX IF NOT EXISTS idx_events_run        ON task_events (run_id, id);

-- What a run's supervisor records of its processes.
CREATE TABLE IF NOT EXISTS andon_runs (
	run_id      INTEGER PRIMARY KEY,
	pid         INTEGER,
	pid_start   TEXT,
	agent_pid   INTEGER,
	agent_start TEXT,
	exit        TEXT,
	exited_at   INTEGER
);

-- One row says which version of this schema the file has.
CREATE TABLE IF NOT EXISTS andon_meta (
	key   TEXT PRIMARY KEY,
	value TEXT NOT NULL
);

-- What people changed of late, each with the rows as they were and as they became,
-- so that it can be undone.
CREATE TABLE IF NOT EXISTS andon_undo (
	id        INTEGER PRIMARY KEY AUTOINCREMENT,
	command   TEXT NOT NULL,
	made_at   INTEGER NOT NULL,
	actor     TEXT NOT NULL,
	verb      TEXT NOT NULL,
	task_id   TEXT NOT NULL,
	change    TEXT NOT NULL,
	undone_at INTEGER
);
