package kanban

// KindInfo tells what a kind of event means.
type KindInfo struct {
	Kind    EventKind
	Run     bool     // it carries the number of a run, where there is one
	Payload []string // the keys of its payload; a "?" marks one that may be absent
	Means   string
}

// Kinds tells of every kind of event that andon writes or regards, in the order
// of a card's life.
var Kinds = []KindInfo{
	{EventCreated, false, []string{"assignee", "status", "parents", "tenant", "workspace_kind", "workspace_path", "branch_name", "project_id", "skills", "goal_mode", "model_override", "provider_override"}, "the card was made"},
	{EventSpecified, false, []string{"changed_fields"}, "what is to be done was said; it left triage"},
	{EventDecomposed, false, []string{"child_ids", "root_assignee"}, "it was divided into cards that it waits for"},
	{EventAssigned, false, []string{"assignee", "source?"}, "it was given to somebody, or to nobody"},
	{EventEdited, true, []string{"fields", "result_len?", "summary?"}, "its words were changed, or what it says as a finished card"},
	{EventReprioritized, false, []string{"priority"}, "it has another priority"},
	{EventModelSet, false, []string{"model", "provider"}, "its next runs use this model"},
	{EventEffortSet, false, []string{"reasoning_effort"}, "its next runs think so hard"},
	{EventLinked, false, []string{"parent", "child"}, "the child waits for the parent"},
	{EventUnlinked, false, []string{"parent", "child"}, "it waits no longer"},
	{EventCommented, false, []string{"author", "len"}, "somebody remarked on it"},
	{EventAttached, false, []string{"filename", "size", "by"}, "a file is kept with it"},
	{EventDetached, false, []string{"filename"}, "a file is kept no longer"},
	{EventScheduled, true, []string{"reason", "start_at?"}, "it was put off"},
	{EventPromoted, false, nil, "it became ready by itself"},
	{EventPromotedBy, false, []string{"actor", "reason", "forced"}, "it became ready at a person's word"},
	{EventGuarded, false, []string{"reason"}, "it is ready, and its past holds it back: recent_success or active_pr"},
	{EventUnguarded, false, []string{"actor?", "reason?"}, "a person let it be started all the same"},
	{EventClaimed, true, []string{"lock", "expires", "run_id", "source_status?"}, "somebody works on it"},
	{EventClaimRejected, false, []string{"reason"}, "it was claimed while a parent was unfinished, and went back to todo"},
	{EventSpawned, true, []string{"pid"}, "its worker began"},
	{EventScratchTip, false, []string{"message"}, "the first scratch folder of a home was made: what becomes of it"},
	{EventHeartbeat, true, []string{"note?"}, "its worker is alive"},
	{EventClaimExtended, true, []string{"reason", "worker_pid", "claim_lock", "claim_expires_was", "claim_expires_now", "last_heartbeat_at"}, "its claim had lapsed, but its worker lives"},
	{EventDeferred, true, []string{"reason", "claim_lock", "claim_expires_now", "prev_pid", "host_local", "termination_attempted", "terminated", "sigkill"}, "its worker would not end, so it stays with it"},
	{EventCompleted, true, []string{"result_len", "summary", "verified_cards?", "artifacts?"}, "it is done"},
	{EventHallucinated, false, []string{"phantom_cards", "verified_cards", "summary_preview"}, "a report was refused: it named cards that were not made"},
	{EventSuspected, true, []string{"phantom_refs", "source"}, "a report mentions cards that are not there"},
	{EventReviewRequested, true, []string{"summary", "implementer", "reviewer"}, "it waits to be looked at"},
	{EventReviewReopened, false, []string{"status?"}, "the reviewer said no"},
	{EventBlocked, true, []string{"reason", "kind", "recurrences"}, "it waits for a person"},
	{EventDependency, true, []string{"reason", "kind"}, "it was blocked since it waits for another card"},
	{EventBlockLoop, true, []string{"reason", "kind", "recurrences", "limit"}, "it was blocked once more for the same kind of reason, and went to triage"},
	{EventUnblocked, false, []string{"status?"}, "a person let it go on"},
	{EventSpawnFailed, true, []string{"error", "failures"}, "its worker could not be started"},
	{EventCrashed, true, []string{"pid", "claimer", "exit_kind?", "exit_code?"}, "its worker ended with an error, or nobody knows how"},
	{EventTimedOut, true, []string{"pid", "elapsed_seconds", "limit_seconds", "sigkill"}, "its worker took too long"},
	{EventProtocol, true, []string{"pid", "claimer", "exit_code", "protocol_violation"}, "its worker ended well and without a report"},
	{EventRateLimited, true, []string{"pid", "claimer", "exit_code"}, "a quota stopped its worker; it rests, and this is no failure"},
	{EventGaveUp, true, []string{"failures", "effective_limit", "limit_source", "error", "trigger_outcome", "pid?", "claimer?", "sigkill?"}, "too many failures in a row; it waits for a person"},
	{EventReclaimed, true, []string{"manual?", "reason?", "prev_lock?", "stale_lock?", "worker_pid?", "claim_expires?", "last_heartbeat_at?", "now?", "heartbeat_stale?", "prev_pid", "host_local", "termination_attempted", "terminated", "sigkill"}, "it was taken back from its worker"},
	{EventStale, true, []string{"elapsed_seconds", "last_heartbeat_at", "heartbeat_age_seconds", "timeout_seconds", "pid", "prev_pid", "host_local", "termination_attempted", "terminated", "sigkill"}, "it was taken back: its worker was silent for too long"},
	{EventStatus, false, []string{"status?"}, "another program moved it by hand, or a person undid a change"},
	{EventArchived, true, nil, "it was put away"},
}
