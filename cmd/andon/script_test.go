package main

import (
	"os"
	"path/filepath"
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
