package home

import (
	"path/filepath"
	"runtime"
	"testing"
)

func TestHermesRoot(t *testing.T) {
	t.Parallel()
	tmp := t.TempDir()
	at := func(parts ...string) string { return filepath.Join(append([]string{tmp}, parts...)...) }
	if runtime.GOOS == "windows" {
		return // its place comes from the environment
	}
	for _, tt := range []struct {
		name string
		env  map[string]string
		want string
	}{
		{"nothing said", nil, at("me", ".hermes")},
		{"its own home", map[string]string{"HERMES_HOME": at("me", ".hermes")}, at("me", ".hermes")},
		{"a profile", map[string]string{"HERMES_HOME": at("me", ".hermes", "profiles", "ada")}, at("me", ".hermes")},
		{"a profile elsewhere", map[string]string{"HERMES_HOME": at("srv", "profiles", "ada")}, at("srv")},
		{"another home", map[string]string{"HERMES_HOME": at("srv")}, at("srv")},
		{"the board's home wins", map[string]string{"HERMES_HOME": at("srv"), "HERMES_KANBAN_HOME": "~/k"}, at("me", "k")},
		{"no path", map[string]string{"HERMES_KANBAN_HOME": "~ada/k"}, ""},
	} {
		if got := Hermes(environment(tt.env), at("me")); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	if got := Hermes(environment(nil), ""); got != "" {
		t.Errorf("without a home folder: %q", got)
	}
}
