package trash_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/home"
	"andon/internal/store"
	"andon/internal/trash"
	"andon/kanban"
)

func open(t *testing.T) (*board.Board, home.Board) {
	t.Helper()
	root := t.TempDir()
	h, err := home.Find(home.Flags{Home: root}, func(string) string { return "" }, root)
	if err != nil {
		t.Fatal(err)
	}
	place := h.Board(home.Default)
	db, err := place.Open(t.Context(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return board.New(db), place
}

func write(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// A deleted card is kept whole for a day, and no longer.
func TestDeleteKeepsForADay(t *testing.T) {
	b, place := open(t)
	task, _, err := b.Create(t.Context(), kanban.Draft{Title: "über"})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(place.Attachments, string(task.ID), "f.txt")
	log := filepath.Join(place.Logs, string(task.ID)+".log")
	other := filepath.Join(place.Logs, string(task.ID)+"0.log")
	for _, f := range []string{file, log, log + ".1", other} {
		write(t, f)
	}
	now := time.Unix(1_800_000_000, 0)
	dir, err := trash.Delete(t.Context(), b, place, task.ID, trash.Options{}, now)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "card.json"))
	if err != nil {
		t.Fatal(err)
	}
	var kept trash.Card
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	var tables map[string][]map[string]any
	if err := json.Unmarshal(kept.Tables, &tables); err != nil {
		t.Fatal(err)
	}
	if kept.Task != task.ID || len(tables["tasks"]) != 1 || tables["tasks"][0]["title"] != "über" || len(tables["task_events"]) != 1 {
		t.Errorf("kept %s", text)
	}
	for path, want := range map[string]bool{
		file: false, log: false, other: true,
		filepath.Join(dir, "attachments", "f.txt"): true, filepath.Join(dir, filepath.Base(log)): true, filepath.Join(dir, filepath.Base(log)+".1"): true,
	} {
		if exists(path) != want {
			t.Errorf("%s is there: %t", path, !want)
		}
	}
	if _, err := b.Task(t.Context(), task.ID); kanban.CodeOf(err) != kanban.NotFound {
		t.Errorf("the card: %v", err)
	}
	if err := trash.Sweep(place, now.Add(trash.Keep-time.Second)); err != nil || !exists(dir) {
		t.Errorf("swept too early (%v)", err)
	}
	if err := trash.Sweep(place, now.Add(trash.Keep)); err != nil || exists(dir) {
		t.Errorf("not swept (%v)", err)
	}
}

// A refusal leaves nothing in the trash; a purge keeps nothing.
func TestRefusedAndPurged(t *testing.T) {
	b, place := open(t)
	task, _, err := b.Create(t.Context(), kanban.Draft{Title: "x"})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(place.Attachments, string(task.ID), "f.txt")
	write(t, file)
	now := time.Unix(1_800_000_000, 0)
	for id, o := range map[kanban.TaskID]trash.Options{
		task.ID: {Deletion: kanban.Deletion{Archived: true}}, "t_gone": {}, "../x": {}, "": {},
	} {
		if _, err := trash.Delete(t.Context(), b, place, id, o, now); err == nil {
			t.Errorf("%q was deleted", id)
		}
	}
	if entries, err := os.ReadDir(place.Trash); err == nil && len(entries) > 0 {
		t.Errorf("refusals left %v", entries)
	}
	if !exists(file) {
		t.Error("a refusal moved the files")
	}
	if dir, err := trash.Delete(t.Context(), b, place, task.ID, trash.Options{Purge: true}, now); err != nil || dir != "" || exists(file) {
		t.Errorf("purged: %q, %v; the file is there: %t", dir, err, exists(file))
	}
	if entries, _ := os.ReadDir(place.Trash); len(entries) > 0 {
		t.Errorf("a purge left %v", entries)
	}
}
