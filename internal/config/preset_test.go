package config

import (
	"slices"
	"testing"

	"andon/kanban"
)

// A Hermes worker is called as Hermes calls it: by its profile, with what its card
// asks for, and without waiting for a person where it works towards a goal.
func TestTrap40HermesIsCalledAsByHermes(t *testing.T) {
	hermes := Profile{Preset: PresetHermes, OnExit: kanban.OnExitProtocol}
	none := func(string) string { return "" }
	for name, tt := range map[string]struct {
		p    Profile
		card Card
		want []string
	}{
		"plain": {hermes.Resolve(none), Card{ID: "t_1", Profile: "ada"},
			[]string{"hermes", "-p", "ada", "--cli", "--accept-hooks", "chat", "-q", "work kanban task t_1"}},
		"all": {hermes.Resolve(func(name string) string { return map[string]string{"HERMES_BIN": "/opt/hermes"}[name] }),
			Card{ID: "t_1", Profile: "ada", Skills: []string{"go", "a \"b\""}, Model: "m", Provider: "p", Effort: "high", Goal: true},
			[]string{"/opt/hermes", "-p", "ada", "--cli", "--accept-hooks", "--skills", "go", "--skills", "a \"b\"", "-m", "m", "--provider", "p",
				"--reasoning", "high", "chat", "-q", "work kanban task t_1", "-Q"}},
		"a program of one's own": {Profile{Preset: PresetHermes, Command: []string{"env", "A=1", "hermes"}}.Resolve(none), Card{ID: "t_1", Profile: "ada"},
			[]string{"env", "A=1", "hermes", "-p", "ada", "--cli", "--accept-hooks", "chat", "-q", "work kanban task t_1"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tt.p.Argv(tt.card)
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("Argv = %q, %v; want %q", got, err, tt.want)
			}
		})
	}
	if _, err := hermes.Resolve(none).Argv(Card{ID: "t_1", Model: "a\x00"}); err == nil {
		t.Error("a NUL passed")
	}
}
