package dispatch_test

import (
	"context"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/config"
	"andon/internal/dispatch"
	"andon/internal/home"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/internal/worker"
	"andon/kanban"
)

// A server that grants a board's connection, and then none to wait for commits with,
// is asked again.
func TestServerWithoutRoomForAListener(t *testing.T) {
	t.Parallel()
	admin := storetest.Open(t, storetest.Schema(t))
	dsn, slug, _ := strings.Cut(admin.Path(), "#")
	role := "crowded_" + slug
	storetest.Exec(t, admin, `CREATE ROLE `+role+` LOGIN`, `CREATE SCHEMA b_`+role+` AUTHORIZATION `+role)
	address, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	q := address.Query()
	q.Set("user", role)
	address.User, address.RawQuery = nil, q.Encode()
	db, err := storetest.OpenAt(t.Context(), address.String()+"#"+role, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	b := board.New(db)
	create := func() {
		if _, _, err := b.Create(t.Context(), kanban.Draft{Title: "one", Assignee: "agent"}); err != nil {
			t.Error(err)
		}
	}
	create()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	started, crowded := 0, false
	place := placeOf(t.TempDir())
	if err := os.WriteFile(place.DB, []byte("x"), 0o600); err != nil { // or there would be no board to open
		t.Fatal(err)
	}
	d := dispatch.Single(b, place)
	d.Open = func(context.Context, home.Board) (*board.Board, func() error, error) {
		storetest.Exec(t, admin, `ALTER ROLE `+role+` CONNECTION LIMIT 1`)
		return b, func() error { return nil }, nil
	}
	d.Report = func(r dispatch.Report) {
		if len(r.Errors) > 0 && !crowded {
			crowded = true
			storetest.Exec(t, admin, `ALTER ROLE `+role+` CONNECTION LIMIT -1`)
		}
	}
	d.Launch = func(worker.Job, func()) error {
		if started++; started == 1 {
			create() // of which only a listener tells
		} else {
			cancel()
		}
		return nil
	}
	d.Settings.Limits = dispatch.Limits{Dispatch: config.Dispatch{Interval: config.Duration(time.Hour)}, Profiles: map[string]config.Profile{"agent": {}}}
	if err := d.Run(ctx); err != nil || !crowded || started != 2 {
		t.Errorf("%v, crowded %t, %d cards started; want it to be crowded first, and two started then", err, crowded, started)
	}
}
