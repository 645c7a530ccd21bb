-- Indexes over columns that older files get by migration, and andon's own
-- tables. They come after the columns: an index over a missing one would keep an
-- old board from opening.

CREATE INDEX IF NOT EXISTS idx_tasks_tenant      ON tasks (tenant);
CREATE INDEX IF NOT EXISTS idx_tasks_idempotency ON tasks (idempotency_key);
CREATE INDEX IF NOT EXISTS idx_tasks_session_id  ON tasks (session_id);
CREATE INDEX IF NOT EXISTS idx_events_run        ON task_events (run_id, id);

-- The order in which cards are listed and dispatched: the first fifty of a
-- hundred thousand ready cards are found without sorting the rest.
CREATE INDEX IF NOT EXISTS andon_tasks_order ON tasks (status, priority DESC, created_at, id);

-- The last runs of a profile, which every worker is told of.
CREATE INDEX IF NOT EXISTS andon_runs_recent ON task_runs (profile, outcome, COALESCE(ended_at, started_at), id);

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
