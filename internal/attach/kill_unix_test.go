//go:build unix

package attach_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"andon/internal/attach"
	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// roleEnv makes a process of this binary keep a file, and be killed at a point:
// what it does, the point, the root, the board, the card and the run, apart by
// newlines.
const roleEnv = "ANDON_TEST_KEEPER"

func TestMain(m *testing.M) {
	if role := strings.Split(os.Getenv(roleEnv), "\n"); len(role) == 6 {
		if err := keep(role[0], attach.Point(role[1]), role[2], role[3], kanban.TaskID(role[4]), role[5]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func keep(verb string, at attach.Point, root, path string, id kanban.TaskID, run string) error {
	ctx := context.Background()
	db, err := storetest.OpenAt(ctx, path, store.Options{})
	if err != nil {
		return err
	}
	b, f := board.New(db), filesIn(root, path)
	f.At = func(p attach.Point) {
		if p == at {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until it arrives
		}
	}
	b.Deliver = f.Deliver
	if verb == "complete" {
		n, err := strconv.ParseInt(run, 10, 64)
		if err != nil {
			return err
		}
		_, err = b.Complete(ctx, id, kanban.Report{Run: kanban.RunID(n), Artifacts: []string{"a"}})
		return errors.Join(err, db.Close())
	}
	_, err = f.Add(ctx, b, id, attach.New{Name: "a"}, strings.NewReader("of a"))
	return errors.Join(err, db.Close())
}

// killed runs such a process, which must die by the kill and by nothing else.
func (d desk) killed(root, verb string, at attach.Point, id kanban.TaskID, run kanban.RunID) {
	d.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"="+strings.Join([]string{verb, string(at), root, d.db.Path(), string(id), run.String()}, "\n"))
	out, err := cmd.CombinedOutput()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		d.t.Fatalf("%s to be killed at %q: %v\n%s", verb, at, err, out)
	}
}

// A kill at any point leaves each row with its file, and at most one file without
// a row, which is found as a stray once it is old. Who tries again succeeds.
func TestKilledBetweenTheFileAndItsRow(t *testing.T) {
	for _, c := range []struct {
		verb   string
		at     attach.Point
		rows   []string // after the kill
		strays int      // likewise
	}{
		{"attach", attach.Written, nil, 1},
		{"attach", attach.Named, nil, 1},
		{"attach", attach.Stored, []string{"a"}, 0},
		{"complete", attach.Written, nil, 1},
		{"complete", attach.Named, nil, 1},
	} {
		t.Run(c.verb+" at "+string(c.at), func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB) {
				root := t.TempDir()
				d := newDesk(t, db, root)
				id, run, _ := d.started("a")
				d.killed(root, c.verb, c.at, id, run)

				same(t, "rows", d.names(id), c.rows)
				rows, err := d.board.AllAttachments(t.Context(), 0)
				if err != nil {
					t.Fatal(err)
				}
				if young, err := attach.Strays(d.files.Root, rows, time.Now()); len(young) > 0 || err != nil {
					t.Errorf("taken for strays at once: %q, %v", young, err)
				}
				strays, err := attach.Strays(d.files.Root, rows, time.Now().Add(attach.Young+time.Minute))
				if len(strays) != c.strays || err != nil {
					t.Errorf("strays %q, %v; want %d", strays, err, c.strays)
				}
				card, err := d.board.Task(t.Context(), id)
				if err != nil || card.Status != kanban.Running || card.Run != run {
					t.Errorf("the card is %s, %v; want it in flight as before", card.Status, err)
				}

				if _, err := d.board.Complete(t.Context(), id, kanban.Report{Run: run, Artifacts: []string{"a"}}); err != nil {
					t.Fatal(err)
				}
				if got := d.names(id); len(got) != len(c.rows)+1 {
					t.Errorf("after another try: %q", got)
				}
				for _, s := range strays {
					if !slices.Contains(d.artifacts(id), s) && read(t, s) != "of a" {
						t.Errorf("%s is half a file", s)
					}
				}
			})
		})
	}
}
