package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"andon/internal/cli"
)

// TestMain lets the test binary stand in for the command, so that each exec of a
// script is a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"andon": func() { os.Exit(cli.Run()) }})
}

// TestScripts runs every script below testdata/script: at least one per verb.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"id": id},
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(e *testscript.Env) error {
			home := filepath.Join(e.WorkDir, "home")
			e.Setenv("HOME", home)
			e.Setenv("ANDON_HOME", filepath.Join(home, ".andon"))
			e.Setenv("TZ", "UTC")
			return nil
		},
	})
}

var cardID = regexp.MustCompile(`\bt_[0-9a-f]{8}\b`)

// id is the script command "id NAME": it keeps, as $NAME, the first id in what
// the command before printed.
func id(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: id NAME")
	}
	found := cardID.FindString(ts.ReadFile("stdout"))
	if found == "" {
		ts.Fatalf("no id in stdout")
	}
	ts.Setenv(args[0], found)
}
