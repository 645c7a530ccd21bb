package home

import (
	"encoding/json"
	"os"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"andon/kanban"
)

// Hermes' words, and words of whoever comes after it, outlive every change.
func TestMetaKeepsWhatItDoesNotKnow(t *testing.T) {
	h := find(t, Flags{Home: t.TempDir()}, nil, "")
	file := h.Board("ops").Metadata
	touch(t, file, `{"slug": "other", "name": "Ünser <Board>", "db_path": "/x", "project_id": "p_1", "zeta": {"b": 12345678901234567890, "a": "é"}, "alpha": null, "color": 7}`)
	if _, err := h.Describe(t.Context(), "ops", noon, func(m *Meta) { m.SetRepo("/src/My Shop"); m.Workdir = "/w" }); err != nil {
		t.Fatal(err)
	}
	want := `{
  "slug": "ops",
  "name": "Ünser <Board>",
  "description": "",
  "icon": "",
  "color": "",
  "default_workdir": "/w",
  "project_id": "p_1",
  "andon_project_repo": "/src/My Shop",
  "created_at": 1772366400,
  "archived": false,
  "alpha": null,
  "zeta": {
    "b": 12345678901234567890,
    "a": "é"
  }
}
`
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("board.json is %s, %v", cmp.Diff(want, string(got)), err)
	}
	if d := h.Board("ops").Defaults(); d != (kanban.Defaults{Workdir: "/w", Project: kanban.Project{ID: "p_1", Slug: "my-shop", Repo: "/src/My Shop"}}) {
		t.Errorf("Defaults = %+v", d)
	}
	if _, err := h.Describe(t.Context(), "ops", noon, func(m *Meta) { m.SetRepo("") }); err != nil {
		t.Fatal(err)
	}
	if m := h.Board("ops").Meta(); m.Project != "p_1" || m.Repo != "" {
		t.Errorf("without its repository the board has %+v", m)
	}
	m := Meta{}
	m.SetRepo("/src/a")
	m.SetRepo("/src/b")
	if m.Project != "b" {
		t.Errorf("the second repository's project is %q", m.Project)
	}
	if m.SetRepo(""); m.Project != "" {
		t.Errorf("a project that was made of a folder outlives it: %q", m.Project)
	}
}

func TestMetaThatCannotBeRead(t *testing.T) {
	h := find(t, Flags{Home: t.TempDir()}, nil, "")
	for _, text := range []string{"", "[1]", `{"name": `, `"x"`} {
		b := h.Board("ops_team-2")
		touch(t, b.Metadata, text)
		if m := b.Meta(); m.Name != "Ops Team 2" || m.Archived {
			t.Errorf("of %q: %+v, want a name made of the slug", text, m)
		}
		if _, err := h.Describe(t.Context(), b.Slug, noon, func(*Meta) {}); kanban.CodeOf(err) != kanban.Invalid {
			t.Errorf("of %q: changed with %v, want a refusal", text, err)
		}
		if got, err := os.ReadFile(b.Metadata); err != nil || string(got) != text {
			t.Errorf("%q became %q, %v", text, got, err)
		}
	}
}

// Of many changes at once none is lost, and every reader sees a whole file.
func TestDescribeAtOnce(t *testing.T) {
	h := find(t, Flags{Home: t.TempDir()}, nil, "")
	b := create(t, h, "ops")
	var wg sync.WaitGroup
	changes := []func(*Meta){
		func(m *Meta) { m.Name = "n" }, func(m *Meta) { m.Description = "d" }, func(m *Meta) { m.Icon = "i" }, func(m *Meta) { m.Color = "c" },
		func(m *Meta) { m.Workdir = "/w" }, func(m *Meta) { m.SetRepo("/r") },
	}
	for _, change := range changes {
		wg.Go(func() {
			if _, err := h.Describe(t.Context(), "ops", noon, change); err != nil {
				t.Error(err)
			}
			if text, err := os.ReadFile(b.Metadata); err != nil || !json.Valid(text) {
				t.Errorf("read %q, %v", text, err)
			}
		})
	}
	wg.Wait()
	want := Meta{Name: "n", Description: "d", Icon: "i", Color: "c", Workdir: "/w", Repo: "/r", Project: "r", CreatedAt: noon.Unix()}
	got := b.Meta()
	got.rest = nil
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Meta{})); diff != "" {
		t.Errorf("Meta (-want +got):\n%s", diff)
	}
}
