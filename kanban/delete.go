package kanban

// Gone is the status of a card that does not exist: not yet, or no longer.
const Gone Status = ""

// Deletion is how to remove a card.
type Deletion struct {
	Was      RunID // the run whose worker has been ended; zero: none
	Archived bool  // only if it is archived
}

// Delete removes the card and all that belongs to it. Nothing of it is left in
// the history.
func (t Task) Delete(d Deletion) (Change, error) {
	if d.Archived && t.Status != Archived {
		return Change{}, &Error{Code: Conflict, Err: ErrConflict,
			Msg:  sprintf("delete %s: the card is %s, and only one in archived can be deleted this way", t.ID, t.Status),
			Hint: sprintf("archive it first, or `andon delete %s`", t.ID)}
	}
	if err := t.taken(VerbDelete, d.Was); err != nil {
		return Change{}, err
	}
	if err := t.allowed(VerbDelete, ""); err != nil {
		return Change{}, err
	}
	c := t.change(VerbDelete)
	c.Task.Status = Gone
	c.Task.clearClaim()
	return c, nil
}
