package config

import "slices"

// Preset is a kind of agent whose command line andon knows.
type Preset string

// PresetHermes is a Hermes worker, called as Hermes' own dispatcher calls it. It
// finds its card, its run and its board in the environment.
const PresetHermes Preset = "hermes"

// Presets are all of them.
var Presets = []Preset{PresetHermes}

func (p Profile) presetArgs(c Card) []string {
	if p.Preset != PresetHermes {
		return nil
	}
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

func (p Profile) validatePreset(at string) error {
	switch {
	case p.Preset == "":
		return nil
	case !slices.Contains(Presets, p.Preset):
		return invalid(at+".preset", "%q is not known; give %q, or a command of your own", p.Preset, PresetHermes)
	case p.Stdin != StdinNone:
		return invalid(at+".stdin", "%q is not for the preset %s, which reads nothing there; leave it out", p.Stdin, p.Preset)
	}
	return nil
}

// Resolve returns the profile with the program that its preset is started with on
// this host, if it names none: HERMES_BIN, else what the PATH has by its name.
func (p Profile) Resolve(getenv func(string) string) Profile {
	if p.Preset == PresetHermes && len(p.Command) == 0 {
		p.Command = []string{"hermes"}
		if bin := getenv("HERMES_BIN"); bin != "" {
			p.Command = []string{bin}
		}
	}
	return p
}
