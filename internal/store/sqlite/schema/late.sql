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

-- The order in which a screen shows what is finished.
CREATE INDEX IF NOT EXISTS andon_tasks_done ON tasks (status, completed_at DESC, id);

-- The few cards that are due at some time: to count the overdue is not to read all.
CREATE INDEX IF NOT EXISTS andon_tasks_due ON tasks (andon_due_at) WHERE andon_due_at IS NOT NULL;

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

-- What runs have taken of a model, and what that cost in millionths of a dollar: for
-- whom it was at that time, and when it was first told.
CREATE TABLE IF NOT EXISTS andon_usage (
	run_id      INTEGER PRIMARY KEY,
	task_id     TEXT NOT NULL,
	profile     TEXT,
	tenant      TEXT,
	at          INTEGER NOT NULL,
	model       TEXT,
	input       INTEGER NOT NULL,
	output      INTEGER NOT NULL,
	cache_read  INTEGER NOT NULL,
	cache_write INTEGER NOT NULL,
	cost        INTEGER NOT NULL,
	measured    INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS andon_usage_at   ON andon_usage (at);
CREATE INDEX IF NOT EXISTS andon_usage_task ON andon_usage (task_id);

-- Reports that had to wait for a check, and how that went.
CREATE TABLE IF NOT EXISTS andon_proposals (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	task_id    TEXT NOT NULL,
	run_id     INTEGER,
	report     TEXT NOT NULL,
	made_at    INTEGER NOT NULL,
	state      TEXT NOT NULL,
	judge      TEXT,
	command    TEXT,
	exit       TEXT,
	output     TEXT,
	started_at INTEGER,
	ended_at   INTEGER
);
CREATE INDEX IF NOT EXISTS andon_proposals_task ON andon_proposals (task_id, id);

-- How the targets of andon.yaml fare with this board: one row for each, with the
-- cursor of what it follows of every card, and one for each subscription of which
-- a notification is being delivered, so that a process that died meanwhile has
-- its claim taken back.
CREATE TABLE IF NOT EXISTS andon_notify (
	target          TEXT NOT NULL,
	platform        TEXT NOT NULL DEFAULT '',
	task_id         TEXT NOT NULL DEFAULT '',
	thread_id       TEXT NOT NULL DEFAULT '',
	cursor          INTEGER,
	failures        INTEGER NOT NULL DEFAULT 0,
	next_attempt_at INTEGER,
	last_error      TEXT,
	dead_since      INTEGER,
	claimed_from    INTEGER,
	claimed_to      INTEGER,
	host            TEXT,
	pid             INTEGER,
	pid_start       TEXT,
	claimed_at      INTEGER,
	PRIMARY KEY (target, platform, task_id, thread_id)
);

-- What makes cards by the clock.
CREATE TABLE IF NOT EXISTS andon_routines (
	name       TEXT PRIMARY KEY,
	cron       TEXT NOT NULL,
	zone       TEXT NOT NULL,
	recipe     TEXT NOT NULL,
	missed     TEXT NOT NULL,
	overlap    TEXT NOT NULL,
	paused     INTEGER,
	created_by TEXT,
	created_at INTEGER NOT NULL,
	next_at    INTEGER,
	last_at    INTEGER,
	last_card  TEXT,
	outcome    TEXT,
	error      TEXT
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

-- What is paused: the board, all boards, or a profile. No cards of it are started.
CREATE TABLE IF NOT EXISTS andon_control (
	scope  TEXT PRIMARY KEY,
	reason TEXT NOT NULL,
	actor  TEXT NOT NULL,
	since  INTEGER NOT NULL
);
