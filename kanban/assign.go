package kanban

// Assign gives the card to another profile or person; the empty name leaves it
// to nobody. A new assignee begins with no failures. A running card is refused.
func (t Task) Assign(to string) (Change, error) {
	if err := cleanText("the assignee", to); err != nil {
		return Change{}, err
	}
	to = CanonicalAssignee(to)
	if t.Status == Running && t.Lock != "" {
		return Change{}, &Error{Code: Conflict, Err: ErrHeld,
			Msg:  sprintf("assign %s: the card is running, held by %s", t.ID, t.Lock),
			Hint: sprintf("`andon reclaim %s` takes it back first", t.ID)}
	}
	c := t.change(VerbAssign)
	if to != t.Assignee {
		c.Task.Assignee = to
		c.Task.clearFailures()
	}
	c.event(EventAssigned, 0, payload("assignee", orNull(to)))
	return c, nil
}

// AssignDefault gives a ready card that is nobody's to the profile that takes
// such cards. It has no failures that another assignee made, so what it
// remembers of failures stays. ok is false if the card is not such a card.
func (t Task) AssignDefault(to string) (c Change, ok bool) {
	if to = CanonicalAssignee(to); to == "" || t.Assignee != "" || t.Status != Ready || t.Lock != "" {
		return Change{}, false
	}
	c = t.change(VerbAssign)
	c.Task.Assignee = to
	c.event(EventAssigned, 0, payload("assignee", to, "source", "kanban.default_assignee"))
	return c, true
}

// ParseAssignee reads who shall have a card; none, - and null are nobody.
func ParseAssignee(s string) (string, error) {
	switch to := CanonicalAssignee(s); to {
	case "":
		return "", &Error{Code: Usage, Msg: "which profile? none leaves the card to nobody"}
	case "none", "-", "null":
		return "", nil
	default:
		return to, nil
	}
}
