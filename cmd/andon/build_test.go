package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// build makes the command as a user has it, without the race detector or the
// tests in it.
func build(tb testing.TB, dir string) string {
	tb.Helper()
	file := filepath.Join(dir, "andon")
	cmd := exec.Command("go", "build", "-o", file, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Fatalf("build: %v\n%s", err, out)
	}
	return file
}
