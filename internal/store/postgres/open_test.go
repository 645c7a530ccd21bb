package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"andon/internal/store"
	"andon/internal/store/postgres"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// openEnv makes a process of this binary open the board at the place that it
// names, behind a gate, and make a card there.
const openEnv = "ANDON_TEST_OPEN"

func TestMain(m *testing.M) {
	if place := os.Getenv(openEnv); place != "" {
		if err := openAndCreate(context.Background(), place); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func openAndCreate(ctx context.Context, place string) error {
	if err := storetest.Gate(0); err != nil {
		return err
	}
	db, err := storetest.OpenAt(ctx, place, store.Options{})
	if err != nil {
		return err
	}
	return errors.Join(create(ctx, db, kanban.TaskID(fmt.Sprint("t_", os.Getpid()))), db.Close())
}

func create(ctx context.Context, db *store.DB, id kanban.TaskID) error {
	return db.Update(ctx, func(tx *store.Tx) error { return put(ctx, tx, id) })
}

func put(ctx context.Context, tx *store.Tx, id kanban.TaskID) error {
	c, err := kanban.Create(id, kanban.Draft{Title: "Write " + string(id), WorkspaceKind: kanban.Scratch}, nil, tx.Now)
	if err != nil {
		return err
	}
	return tx.Apply(ctx, &c)
}

// open makes a board and a way past andon to it.
func open(t *testing.T) (*store.DB, *sql.DB) {
	t.Helper()
	db := storetest.Open(t, storetest.Schema(t))
	return db, storetest.Neighbour(t, db)
}

func exec(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	if _, err := db.ExecContext(context.WithoutCancel(t.Context()), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// hold takes the board as a writer elsewhere does, until the test ends or release
// is called.
func hold(t *testing.T, place string) (release func()) {
	t.Helper()
	db, err := storetest.OpenAt(t.Context(), place, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	held, done, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- db.Update(context.Background(), func(*store.Tx) error {
			close(held)
			<-done
			return nil
		})
	}()
	select {
	case <-held:
	case err := <-ended:
		t.Fatal(err)
	}
	release = sync.OnceFunc(func() {
		close(done)
		if err := errors.Join(<-ended, db.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(release)
	return release
}

// Many processes that open a board which is not there make one schema.
func TestStampede(t *testing.T) {
	t.Parallel()
	const processes = 30
	place := storetest.Schema(t)
	storetest.Race(t, processes, 1, openEnv+"="+place)
	db := storetest.Open(t, place)
	if got := storetest.Dump(t, db, `SELECT count(*) n FROM tasks`); !slices.Equal(got, []string{fmt.Sprintf("n=%d ", processes)}) {
		t.Errorf("cards: %q, want %d", got, processes)
	}
	storetest.Check(t, db)
}

// A board that is complete is opened and read while another writes to it.
func TestOpeningAndReadingTakeNoLock(t *testing.T) {
	t.Parallel()
	db, _ := open(t)
	if err := create(t.Context(), db, "t_1"); err != nil {
		t.Fatal(err)
	}
	hold(t, db.Path())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	second, err := storetest.OpenAt(ctx, db.Path(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if err := second.View(ctx, func(tx *store.Tx) error {
		_, err := tx.Task(ctx, "t_1")
		return err
	}); err != nil {
		t.Error(err)
	}
}

// The tables have the columns that a file has, in whatever order.
func TestColumnsAreThoseOfAFile(t *testing.T) {
	t.Parallel()
	db, _ := open(t)
	file := storetest.Open(t, t.TempDir()+"/kanban.db")
	got := storetest.Dump(t, db, `SELECT table_name t, column_name c, is_nullable = 'NO' AS required FROM information_schema.columns WHERE table_schema = current_schema()`)
	want := storetest.Dump(t, file, `SELECT m.name t, i.name c, CASE WHEN i."notnull" OR i.pk THEN 'true' ELSE 'false' END required
		FROM sqlite_schema m JOIN pragma_table_info(m.name) i WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'`)
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("columns (-file +schema):\n%s", d)
	}
	kinds := storetest.Dump(t, db, `SELECT DISTINCT data_type d, collation_name c FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY 1`)
	if want := []string{"d=bigint c=NULL ", "d=text c=C "}; !slices.Equal(kinds, want) {
		t.Errorf("the columns are of the kinds %q, want %q", kinds, want)
	}
}

// A context that ends ends the wait for the board, behind writers of this process
// and of others.
func TestCancelEndsTheWait(t *testing.T) {
	for name, place := range map[string]func(t *testing.T, db *store.DB){
		"at the server": func(t *testing.T, db *store.DB) { hold(t, db.Path()) },
		"in the process": func(t *testing.T, db *store.DB) {
			held, done := make(chan struct{}), make(chan struct{})
			ended := make(chan error, 1)
			go func() {
				ended <- db.Update(context.Background(), func(*store.Tx) error {
					close(held)
					<-done
					return nil
				})
			}()
			<-held
			t.Cleanup(func() {
				close(done)
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := storetest.Open(t, storetest.Schema(t))
			place(t, db)
			for range 3 {
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- create(ctx, db, "t_1") }()
				select {
				case err := <-done:
					t.Fatalf("the board was held, and yet: %v", err)
				case <-time.After(50 * time.Millisecond):
				}
				cancel()
				begun := time.Now()
				if err := <-done; !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, want that it was cancelled", err)
				}
				if took := time.Since(begun); took > 100*time.Millisecond {
					t.Errorf("it waited %s longer", took)
				}
			}
		})
	}
}

// A wait for the board has a bound, and what it says then is that others hold it.
func TestBusy(t *testing.T) {
	t.Parallel()
	place := storetest.Schema(t)
	db, err := storetest.OpenAt(t.Context(), place, store.Options{Busy: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	release := hold(t, place)
	if err := create(t.Context(), db, "t_1"); kanban.CodeOf(err) != kanban.Busy || !strings.Contains(err.Error(), "200ms") {
		t.Errorf("got %v, want busy after 200 ms", err)
	}
	release()
	if err := create(t.Context(), db, "t_1"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// What broke a transaction is what is told, and not that it is broken; and whoever
// passes over it has stored nothing.
func TestTheFirstErrorIsTold(t *testing.T) {
	t.Parallel()
	db, n := open(t)
	exec(t, n, `ALTER TABLE tasks ADD CHECK (title <> 'Write t_bad')`)
	for name, after := range map[string]func(*store.Tx) error{
		"by a later statement": func(tx *store.Tx) error { return put(t.Context(), tx, "t_good") },
		"by a later read":      func(tx *store.Tx) error { _, err := tx.Head(t.Context()); return err },
		"by the commit":        func(*store.Tx) error { return nil },
	} {
		err := db.Update(t.Context(), func(tx *store.Tx) error {
			if put(t.Context(), tx, "t_bad") == nil {
				t.Error("the check let it pass")
			}
			return after(tx)
		})
		if err == nil || !strings.Contains(err.Error(), "tasks_title_check") || errors.Is(err, kanban.ErrUnknown) {
			t.Errorf("%s: got %v, want the check's refusal", name, err)
		}
	}
	if err := create(t.Context(), db, "t_good"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// The end of a transaction may be refused, may have to be tried again, or may be
// lost on its way.
func TestCommit(t *testing.T) {
	for name, tt := range map[string]struct {
		body string
		want func(error) bool
	}{
		"refused": {`RAISE 'not today'`, func(err error) bool {
			return err != nil && strings.Contains(err.Error(), "not today") && !errors.Is(err, kanban.ErrUnknown)
		}},
		"to be tried again": {`IF nextval('tries') < 3 THEN RAISE 'others' USING ERRCODE = '40001'; END IF; RETURN NULL`, func(err error) bool {
			return err == nil
		}},
		"lost": {`PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL`, func(err error) bool {
			return errors.Is(err, kanban.ErrUnknown) && kanban.CodeOf(err) == kanban.Unknown
		}},
	} {
		t.Run(name, func(t *testing.T) {
			db, n := open(t)
			exec(t, n, `CREATE SEQUENCE tries`)
			exec(t, n, `CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN `+tt.body+`; END $$`)
			exec(t, n, `CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON tasks DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit()`)
			err := create(t.Context(), db, "t_1")
			if !tt.want(err) {
				t.Errorf("got %v (%d)", err, kanban.CodeOf(err))
			}
			want := "n=0 "
			if err == nil {
				want = "n=1 "
			}
			if got := storetest.Dump(t, db, `SELECT count(*) n FROM tasks`); !slices.Equal(got, []string{want}) {
				t.Errorf("cards: %q, want %s", got, want)
			}
			exec(t, n, `DROP TRIGGER at_commit ON tasks`)
			if err := create(t.Context(), db, "t_2"); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

// A connection that is lost before the commit is no riddle: nothing was changed.
func TestLostBeforeTheCommit(t *testing.T) {
	t.Parallel()
	db, n := open(t)
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		exec(t, n, `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()
			AND (classid::bigint << 32 | objid::bigint) = (SELECT `+lockKey+`)`)
		return put(t.Context(), tx, "t_1")
	})
	if kanban.CodeOf(err) != kanban.Denied || errors.Is(err, kanban.ErrUnknown) || !strings.Contains(err.Error(), "nothing was changed") {
		t.Errorf("got %v (%d), want that the connection was lost and nothing changed", err, kanban.CodeOf(err))
	}
	if err := create(t.Context(), db, "t_1"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// lockKey is the number of the board's lock, as SQL.
const lockKey = `('x' || encode(substr(sha256(convert_to(current_schema(), 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint`

// What a server refuses is told by its class, with the way out and without the
// password.
func TestRefusals(t *testing.T) {
	t.Parallel()
	dsn := strings.Replace(storetest.Server(t), "andon@", "andon:s3cret@", 1)
	latin, err := storetest.Database(`ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0`)
	if err != nil {
		t.Fatal(err)
	}
	n, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	exec(t, n, `CREATE ROLE guest LOGIN`)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for name, tt := range map[string]struct {
		dsn, want string
		code      kanban.Code
	}{
		"nobody listens": {"postgres://andon:s3cret@" + closed.Addr().String() + "/x", "is the server at " + closed.Addr().String() + " up", kanban.Denied},
		"no socket":      {"postgres://andon:s3cret@/x?host=/tmp/andon-none", "is the server at /tmp/andon-none up", kanban.Denied},
		"no user":        {strings.Replace(dsn, "andon:", "nobody:", 1), "name the user", kanban.Denied},
		"no database":    {strings.Replace(dsn, "/postgres?", "/none?", 1), "createdb none", kanban.Denied},
		"no right":       {strings.Replace(dsn, "andon:", "guest:", 1), "guest must own the schema", kanban.Denied},
		"no Unicode":     {latin, "ENCODING 'UTF8'", kanban.Denied},
		"no changes":     {dsn + "&default_transaction_read_only=on", "name its primary", kanban.Denied},
		"no address":     {"postgres://andon:s3cret@h/x?port=x", "postgres://USER@HOST/DATABASE", kanban.Usage},
	} {
		db, err := postgres.Open(t.Context(), tt.dsn, "refused", store.Options{})
		if err == nil {
			db.Close()
		}
		if kanban.CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v (%d), want %q in one line without a password", name, err, kanban.CodeOf(err), tt.want)
		}
	}
}

// Letters are stored as they are where the database has the server take what
// clients send for another encoding.
func TestTextIsUnicodeWhateverTheDatabaseIsSetTo(t *testing.T) {
	t.Parallel()
	dsn, err := storetest.Database("")
	if err != nil {
		t.Fatal(err)
	}
	n, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	exec(t, n, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET client_encoding = latin1', current_database()); END $$`)
	db, err := postgres.Open(t.Context(), dsn, "default", store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := create(t.Context(), db, "t_ü"); err != nil {
		t.Fatal(err)
	}
	var letters int
	if err := n.QueryRowContext(t.Context(), `SELECT char_length(id) FROM b_default.tasks`).Scan(&letters); err != nil || letters != 3 {
		t.Errorf("the id has %d letters on the server (%v), want 3", letters, err)
	}
}

// Commits wake whoever waits, at once, and a transaction that changed nothing
// wakes nobody.
func TestWake(t *testing.T) {
	db, n := open(t)
	other := storetest.Open(t, db.Path())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	wake, err := other.Wake(ctx)
	if err != nil {
		t.Fatal(err)
	}
	woken := func(within time.Duration) bool {
		select {
		case _, ok := <-wake:
			return ok
		case <-time.After(within):
			return false
		}
	}
	for i := range 5 {
		begun := time.Now()
		if err := create(t.Context(), db, kanban.TaskID(fmt.Sprint("t_", i))); err != nil {
			t.Fatal(err)
		}
		if !woken(10 * time.Second) {
			t.Fatal("a commit woke nobody")
		}
		t.Logf("woken %s after the beginning of the change", time.Since(begun))
	}
	for woken(1200 * time.Millisecond) { // a look may still find what a notice told
	}
	if err := db.Update(t.Context(), func(*store.Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if woken(1500 * time.Millisecond) {
		t.Error("woken by a transaction that changed nothing")
	}

	// A notice that never came, and a connection that was lost.
	exec(t, n, `INSERT INTO task_events (task_id, kind, created_at) VALUES ('t_1', 'unheard', 1)`)
	if !woken(10 * time.Second) {
		t.Error("an event of which no notice was given woke nobody")
	}
	exec(t, n, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE '%COALESCE(max(id)%'||current_schema()||'"%'`)
	for deadline := time.Now().Add(20 * time.Second); ; {
		if err := create(t.Context(), db, kanban.TaskID(fmt.Sprint("t_", time.Now().UnixNano()))); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		if woken(10*time.Second) && time.Since(begun) < 500*time.Millisecond {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("after its connection was lost, the listener does not hear")
		}
	}
	cancel()
	for range wake { // until it is closed
	}
	exec(t, n, `DELETE FROM task_events WHERE kind = 'unheard'`)
}

// One process has one writer at the server, however many write: the others wait
// without a connection.
func TestWritersOfAProcessShareAConnection(t *testing.T) {
	t.Parallel()
	db, n := open(t)
	hold(t, db.Path())
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() { _ = create(ctx, db, kanban.TaskID(fmt.Sprint("t_", i))) })
	}
	// Each look is a question to the server, which sets the pace. After the first
	// waiter was seen there is time for more of them to come, and none may.
	most := 0
	for begun, after := time.Now(), 0; after < 300 && time.Since(begun) < 10*time.Second; {
		var waiting int
		if err := n.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
			AND (classid::bigint << 32 | objid::bigint) = (SELECT `+lockKey+`)`).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
		if most = max(most, waiting); most > 0 {
			after++
		}
	}
	cancel()
	wg.Wait()
	if most != 1 {
		t.Errorf("%d writers of one process wait at the server, want 1", most)
	}
}
