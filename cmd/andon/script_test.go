package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"andon/internal/cli"
	"andon/internal/store/storetest"
)

// TestMain lets the test binary stand in for the command, so that each exec of a
// script is a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"andon":               func() { os.Exit(cli.Run()) },
		"sqlite-index-damage": damageIndex,
		"sqlite-delete-mode":  deleteMode,
		"sqlite-mode":         showMode,
		"sqlite-hold":         holdOpen,
	})
}

// TestScripts runs every script below testdata/script: at least one per verb.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Deadline:            time.Now().Add(8 * time.Minute), // a script that waits for what never comes says so
		Setup: func(e *testscript.Env) error {
			home := filepath.Join(e.WorkDir, "home")
			e.Setenv("HOME", home)
			e.Setenv("ANDON_HOME", filepath.Join(home, ".andon"))
			e.Setenv("TZ", "UTC")
			e.Setenv("GORACE", "atexit_sleep_ms=50") // else each command takes a second more under -race
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"card": card, "exits": exits, "postgres": postgres, "truncate": truncate,
		},
		Condition: func(cond string) (bool, error) {
			if cond != "postgres" {
				return false, fmt.Errorf("unknown condition %q", cond)
			}
			return storetest.Postgres()
		},
	})
}

var cardID = regexp.MustCompile(`\bt_[0-9a-f]{8}\b`)

// card NAME keeps the first card's id of the last standard output in a variable.
func card(ts *testscript.TestScript, neg bool, args []string) {
	id := cardID.FindString(ts.ReadFile("stdout"))
	if neg || len(args) != 1 || id == "" {
		ts.Fatalf("usage: card NAME, after a command that printed the id of a card")
	}
	ts.Setenv(args[0], id)
}

// exits STATUS PROGRAM... runs a program that must exit with just that status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS PROGRAM [ARG...]")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if fmt.Sprint(got) != args[0] {
		ts.Fatalf("%q exits %d, want %s", args[1:], got, args[0])
	}
}

// truncate FILE SIZE cuts a file.
func truncate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: truncate FILE SIZE")
	}
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), size))
}

// postgres NAME keeps the address of a new database, with a password that nobody
// asks for, in a variable.
func postgres(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: postgres NAME")
	}
	dsn, err := storetest.Database("")
	ts.Check(err)
	ts.Setenv(args[0], strings.Replace(dsn, "andon@", "andon:s3cret@", 1))
}
