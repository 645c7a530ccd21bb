package kanban

import (
	"strings"
	"unicode"
)

// Tenant is a card as one that may use the folder of another, or its own.
type Tenant struct {
	Task Task
	Live bool // a process of one of its runs may be alive
}

// Vacant refuses while somebody needs the folder of a card: the card itself until
// it is finished and its worker has ended, and each of the others likewise.
// Those are the cards that wait for it, whose workers read what it left there,
// and the cards that were given the same folder.
func Vacant(own Tenant, others []Tenant) error {
	if what := own.needs(); what != "" {
		return &Error{Code: Conflict, Err: ErrConflict, Msg: sprintf("%s %s", own.Task.ID, what)}
	}
	for _, o := range others {
		if what := o.needs(); what != "" {
			return &Error{Code: Conflict, Err: ErrConflict, Msg: sprintf("%s, which may need it, %s", o.Task.ID, what)}
		}
	}
	return nil
}

func (t Tenant) needs() string {
	switch {
	case !t.Task.Status.Satisfied():
		return "is " + string(t.Task.Status)
	case t.Live:
		return "has a worker that has not ended"
	}
	return ""
}

// Spent is [Vacant] for a folder that is to be removed without anybody's word:
// only a scratch folder ever is.
func Spent(own Tenant, others []Tenant) error {
	if own.Task.WorkspaceKind != Scratch {
		return &Error{Code: Conflict, Err: ErrConflict,
			Msg: sprintf("%s has a %s workspace, and only scratch folders are removed", own.Task.ID, own.Task.WorkspaceKind)}
	}
	return Vacant(own, others)
}

// Placed records where a run works, if that was found out only after it began:
// the path and, for a git worktree, the branch. A tip, if there is one, is left
// in the history.
func (t Task) Placed(run Run, path, branch, tip string) (Change, error) {
	if t.Status != Running || t.Run != run.ID || !run.Open() {
		return Change{}, &Error{Code: Conflict, Err: ErrSuperseded,
			Msg: sprintf("record the workspace of %s: run %s is no longer the card's current one", t.ID, run.ID)}
	}
	if err := cleanTexts("the workspace path", path, "the branch", branch); err != nil {
		return Change{}, err
	}
	c := t.change(VerbHeartbeat)
	c.Task.WorkspacePath, c.Task.Branch = path, branch
	if tip != "" {
		c.event(EventScratchTip, 0, payload("message", tip))
	}
	return c, nil
}

// CheckBranch refuses what git refuses as the name of a branch. The empty name is
// none, and legal.
func CheckBranch(name string) error {
	amiss := ""
	switch {
	case name == "":
		return nil
	case strings.HasPrefix(name, "-"):
		amiss = "it begins with a dash"
	case strings.ContainsFunc(name, unicode.IsSpace):
		amiss = "it has a space"
	case strings.ContainsFunc(name, unicode.IsControl) || strings.ContainsAny(name, "~^:?*[\\\x7f"):
		amiss = `it has a control character or one of ~ ^ : ? * [ \`
	case strings.Contains(name, "..") || strings.Contains(name, "@{") || strings.Contains(name, "//"):
		amiss = `it has "..", "@{" or "//"`
	case name == "@" || name == "HEAD":
		amiss = "git means something else by it"
	case strings.HasPrefix(name, "/") || strings.HasSuffix(name, "/") || strings.HasSuffix(name, "."):
		amiss = "it begins with a slash, or ends in a slash or a dot"
	default:
		for part := range strings.SplitSeq(name, "/") {
			if strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock") {
				amiss = `a part of it begins with a dot or ends in ".lock"`
			}
		}
	}
	if amiss == "" {
		return nil
	}
	return &Error{Code: Invalid, Msg: sprintf("%q is no name of a branch: %s", name, amiss), Hint: "choose one such as fix/parser"}
}
