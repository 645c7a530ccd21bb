package board_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// roleEnv makes a process of this binary play a part: what it does, the file and
// the arguments, apart by newlines.
const roleEnv = "ANDON_TEST_ROLE"

var roles = map[string]func(ctx context.Context, b *board.Board, args []string) error{
	"claim": claimAll,
	"hear":  hearAll,
	"write": writeComments,
	"soak":  soakWrite,
	"live":  live,
	"fire":  fireAll,
}

func TestMain(m *testing.M) {
	if role := strings.Split(os.Getenv(roleEnv), "\n"); len(role) > 1 {
		if err := play(role[0], role[1], role[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func play(role, path string, args []string) error {
	db, err := storetest.OpenAt(context.Background(), path, store.Options{})
	if err != nil {
		return err
	}
	return errors.Join(roles[role](context.Background(), board.New(db), args), db.Close())
}

// open makes a board in a file of its own.
func open(t *testing.T) (*board.Board, string) {
	t.Helper()
	db := storetest.Open(t, filepath.Join(t.TempDir(), "kanban.db"))
	return board.New(db), db.Path()
}

func as(role string, db *store.DB, args ...string) string {
	return roleEnv + "=" + strings.Join(append([]string{role, db.Path()}, args...), "\n")
}

func add(t *testing.T, b *board.Board, d kanban.Draft) kanban.TaskID {
	t.Helper()
	if d.Title == "" {
		d.Title = "a card"
	}
	task, _, err := b.Create(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return task.ID
}

// status fails the test unless the card is in the status.
func status(t *testing.T, b *board.Board, id kanban.TaskID, want kanban.Status) {
	t.Helper()
	task, err := b.Task(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if task.Status != want {
		t.Errorf("card %s is %s, want %s", id, task.Status, want)
	}
}

// kinds lists the events after one, each as "card kind".
func kinds(t *testing.T, b *board.Board, after kanban.EventID) (got []string) {
	t.Helper()
	events, err := b.Events(t.Context(), store.EventFilter{After: after})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		got = append(got, fmt.Sprint(e.Task, " ", e.Kind))
	}
	return got
}

// replaceID puts the card's id in the place of X.
func replaceID(query string, id kanban.TaskID) string {
	return strings.ReplaceAll(query, "'X'", "'"+string(id)+"'")
}

func head(t *testing.T, b *board.Board) kanban.EventID {
	t.Helper()
	h, err := b.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func same[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
