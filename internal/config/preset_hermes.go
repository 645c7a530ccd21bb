package config

// hermesArgs call a Hermes worker as Hermes' own dispatcher calls it. It finds its
// card, its run and its board in the environment.
func hermesArgs(_ Profile, c Card) []string {
	args := []string{"-p", c.Profile, "--cli", "--accept-hooks"}
	for _, s := range c.Skills {
		args = append(args, "--skills", s)
	}
	if c.Model != "" {
		args = append(args, "-m", c.Model)
		if c.Provider != "" {
			args = append(args, "--provider", c.Provider)
		}
	}
	if c.Effort != "" {
		args = append(args, "--reasoning", c.Effort)
	}
	args = append(args, "chat", "-q", "work kanban task "+c.ID)
	if c.Goal {
		args = append(args, "-Q") // else it would wait for a person at the end of each turn
	}
	return args
}
