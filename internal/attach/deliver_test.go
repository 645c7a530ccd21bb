package attach_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"andon/internal/store/storetest"
	"andon/kanban"
)

// started is a running card with a scratch folder that holds some files.
func (d desk) started(names ...string) (kanban.TaskID, kanban.RunID, string) {
	d.t.Helper()
	id := d.card()
	c, err := d.board.Claim(d.t.Context(), id, kanban.Claimant{Lock: "host:1"})
	if err != nil {
		d.t.Fatal(err)
	}
	dir := filepath.Join(d.work, string(id))
	if _, err := d.board.Started(d.t.Context(), c.Runs[0], "host:1", kanban.Worker{PID: 1, Start: "then"}, dir); err != nil {
		d.t.Fatal(err)
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("of "+name), 0o644)); err != nil {
			d.t.Fatal(err)
		}
	}
	return id, c.Task.Run, dir
}

func (d desk) artifacts(id kanban.TaskID) (paths []string) {
	d.t.Helper()
	c, err := d.board.Show(d.t.Context(), id, 0)
	if err != nil {
		d.t.Fatal(err)
	}
	var meta struct{ Artifacts []string }
	if last := c.Runs[len(c.Runs)-1]; len(last.Metadata) > 0 {
		if err := json.Unmarshal(last.Metadata, &meta); err != nil {
			d.t.Fatal(err)
		}
	}
	return meta.Artifacts
}

// What a finished card names is copied out of its scratch folder: what is
// declared, and what stands in its words; each once, and what lies elsewhere is
// left there.
func TestArtifactsAreDelivered(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		id, run, dir := d.started("a.txt", "sub/a.txt", "b.pdf", "unnamed", ".env")
		if err := os.Symlink("b.pdf", filepath.Join(dir, "link")); err != nil {
			t.Fatal(err)
		}
		meta, err := json.Marshal(map[string]any{"n": 1, "artifacts": []string{filepath.Join(dir, "a.txt"), "/etc/hostname", "https://example.org/pull/1"}})
		if err != nil {
			t.Fatal(err)
		}
		r := kanban.Report{
			Run: run, Metadata: meta, Artifacts: []string{"sub/a.txt", "a.txt", ".env"},
			Summary: "see " + dir + "/b.pdf, and `" + dir + "/missing`", Result: dir + "/sub and " + dir + "/link.",
		}
		c, err := d.board.Complete(t.Context(), id, r)
		if err != nil || c.Task.Status != kanban.Done {
			t.Fatalf("%s, %v", c.Task.Status, err)
		}
		same(t, "names", d.names(id), []string{"a.txt", "a_1.txt", "env", "b.pdf", "link"})
		own := func(name string) string { return filepath.Join(d.files.Root, string(id), name) }
		same(t, "artifacts", d.artifacts(id), []string{own("a.txt"), "/etc/hostname", "https://example.org/pull/1", own("a_1.txt"), own("env"), own("b.pdf"), own("link")})
		for name, want := range map[string]string{"a.txt": "of a.txt", "a_1.txt": "of sub/a.txt", "link": "of b.pdf"} {
			if got := read(t, own(name)); got != want {
				t.Errorf("%s holds %q, want %q", name, got, want)
			}
		}
		var kinds []string
		card, err := d.board.Show(t.Context(), id, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range card.Events[len(card.Events)-6:] {
			kinds = append(kinds, string(e.Kind))
		}
		same(t, "events", kinds, append(slices.Repeat([]string{"attached"}, 5), "completed"))
		if a := card.Attachments[0]; a.By != "kanban_complete" || a.ContentType != "" {
			t.Errorf("kept as %+v", a)
		}
	})
}

// One artifact that cannot be kept refuses the whole report: no copy stays, the
// card is in flight as before, and may be completed once it is mended.
func TestTrap32ABadArtifactRefusesTheReport(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		id, run, dir := d.started("good", "big", "sub/x")
		outside := filepath.Join(t.TempDir(), "secret")
		if err := errors.Join(
			os.WriteFile(outside, []byte("x"), 0o600), os.Symlink(outside, filepath.Join(dir, "out")),
			os.Symlink("loop", filepath.Join(dir, "loop")), os.WriteFile(filepath.Join(dir, "locked"), nil, 0),
			os.Symlink(filepath.Dir(outside), filepath.Join(dir, "outdir")), os.Symlink("nowhere", filepath.Join(dir, "broken")),
			os.Truncate(filepath.Join(dir, "big"), kanban.MaxAttachment+1),
		); err != nil {
			t.Fatal(err)
		}
		bad := map[string]string{
			"missing": "no such file", "sub": "it is a folder", ".": "it is a folder", "big": "25 MiB", "out": "leads out of",
			"outdir/secret": "leads out of", "loop": "too many levels", "broken": "no such file", filepath.Join(dir, "out"): "leads out of",
		}
		if os.Geteuid() > 0 { // nothing is locked for root
			bad["locked"] = "permission denied"
		}
		if !storetest.OnPostgres(d.db.Path()) {
			if err := os.Link(d.db.Path(), filepath.Join(dir, "board")); err != nil {
				t.Fatal(err)
			}
			bad["board"] = "it is the board itself"
		}
		before := storetest.Everything(t, d.db)
		for path, why := range bad {
			for _, artifacts := range [][]string{{"good", path}, {path, "good"}} {
				_, err := d.board.Complete(t.Context(), id, kanban.Report{Run: run, Artifacts: artifacts, Summary: "done"})
				if kanban.CodeOf(err) != kanban.Invalid || !strings.Contains(err.Error(), why) || !strings.Contains(err.Error(), "the card stays as it is") {
					t.Errorf("%q: %v, want %q", artifacts, err, why)
				}
			}
		}
		// A large file that is only spoken of is meant to be kept, too.
		if _, err := d.board.Complete(t.Context(), id, kanban.Report{Run: run, Summary: "see " + filepath.Join(dir, "big")}); err == nil {
			t.Error("completed without the file that it speaks of")
		}
		same(t, "the board", storetest.Everything(t, d.db), before)
		same(t, "files", d.onDisk(), nil)
		c, err := d.board.Complete(t.Context(), id, kanban.Report{Run: run, Artifacts: []string{"good"}, Summary: "not " + filepath.Join(dir, "out")})
		if err != nil || c.Task.Status != kanban.Done {
			t.Errorf("once mended: %s, %v", c.Task.Status, err)
		}
		same(t, "names", d.names(id), []string{"good"})
	})
}

// A report that is refused for another reason leaves no copies either.
func TestRefusedReportKeepsNoCopies(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		id, run, _ := d.started("a")
		for _, r := range []kanban.Report{
			{Run: run + 1, Artifacts: []string{"a"}}, {Run: run, Artifacts: []string{"a"}, Created: []kanban.TaskID{"t_ffffffff"}},
		} {
			if _, err := d.board.Complete(t.Context(), id, r); err == nil {
				t.Errorf("%+v was taken", r)
			}
			same(t, "files", d.onDisk(), nil)
		}
		// The database itself refuses, after the copies are made.
		draw := storetest.Nail(t, d.db, string(id))
		if _, err := d.board.Complete(t.Context(), id, kanban.Report{Run: run, Artifacts: []string{"a"}}); err == nil || !strings.Contains(err.Error(), "nailed down") {
			t.Errorf("completed: %v", err)
		}
		draw()
		same(t, "files", d.onDisk(), nil)
	})
}

// Only what lies in a scratch folder of the board's is copied: another workspace
// stays where it is.
func TestOtherWorkspacesStay(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "a"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		task, _, err := d.board.Create(t.Context(), kanban.Draft{Title: "x", WorkspaceKind: kanban.Dir, WorkspacePath: dir})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.board.Complete(t.Context(), task.ID, kanban.Report{Artifacts: []string{"a", "/gone"}, Summary: filepath.Join(dir, "a")}); err != nil {
			t.Fatal(err)
		}
		same(t, "artifacts", d.artifacts(task.ID), []string{filepath.Join(dir, "a"), "/gone"})
		same(t, "files", d.onDisk(), nil)
	})
}

// A scratch folder that is gone has lost what was in it, and a report that names
// it is not true.
func TestScratchFolderThatIsGone(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		id, run, dir := d.started("a")
		if err := os.RemoveAll(d.work); err != nil {
			t.Fatal(err)
		}
		if _, err := d.board.Complete(t.Context(), id, kanban.Report{Run: run, Artifacts: []string{filepath.Join(dir, "a")}}); err == nil || !strings.Contains(err.Error(), "is not there") {
			t.Errorf("completed: %v", err)
		}
		if _, err := d.board.Complete(t.Context(), id, kanban.Report{Run: run, Summary: "lost " + dir + "/a"}); err != nil {
			t.Errorf("without a declaration: %v", err)
		}
	})
}

// Who keeps no files takes no report that names some.
func TestNobodyToKeepFiles(t *testing.T) {
	each(t, func(t *testing.T, d desk) {
		id, run, _ := d.started("a")
		d.board.Deliver = nil
		if _, err := d.board.Complete(t.Context(), id, kanban.Report{Run: run, Artifacts: []string{"a"}}); err == nil {
			t.Error("completed, and the artifact is lost")
		}
	})
}
