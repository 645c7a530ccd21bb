package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"andon/internal/home"
	"andon/internal/store"
)

// list, as a whole process, ends while another holds a write transaction.
func TestListDoesNotWaitForAWriter(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	db, err := home.Board{DB: filepath.Join(root, "kanban.db")}.Open(t.Context(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Update(t.Context(), func(*store.Tx) error {
		cmd := exec.CommandContext(t.Context(), "andon", "list", "--json")
		cmd.Env = append(os.Environ(), "ANDON_HOME="+root, "ANDON_BUSY_TIMEOUT_MS=20000")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if strings.TrimSpace(string(out)) != "[]" || stderr.String() != "" {
			t.Errorf("list said %q and %q", out, stderr.String())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
