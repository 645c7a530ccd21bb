package storetest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Server gives the address of a Postgres server of this process's own: made from
// the programs that are installed here when the first test asks for it, heard on
// a socket alone, and gone with the process. Without the programs the test is
// skipped; where CI=true it fails.
func Server(t testing.TB) string {
	t.Helper()
	there, err := Postgres()
	if err != nil {
		t.Fatal(err)
	}
	if !there {
		t.Skip(errNoPostgres)
	}
	r, _ := server()
	return r.dsn
}

// Postgres reports whether there is a server for [Server] to give. That there is
// none is an error where CI=true.
func Postgres() (bool, error) {
	_, err := server()
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, errNoPostgres) && os.Getenv("CI") != "true":
		return false, nil
	}
	return false, fmt.Errorf("start a Postgres server: %w", err)
}

// Database makes an empty database on the server and gives its address.
func Database(options string) (dsn string, err error) {
	r, err := server()
	if err != nil {
		return "", err
	}
	db, err := sql.Open("pgx", r.dsn)
	if err != nil {
		return "", err
	}
	defer db.Close()
	name := slug()
	_, err = db.ExecContext(context.Background(), `CREATE DATABASE `+name+` `+options)
	return strings.Replace(r.dsn, "/postgres?", "/"+name+"?", 1), err
}

var errNoPostgres = errors.New("no Postgres server is installed: its initdb and postgres are neither on the PATH nor where pg_config says")

// slug names a board that no other test of this process has.
func slug() string { return fmt.Sprintf("t%d", slugs.Add(1)) }

var slugs atomic.Int64

// running is a server. What its watchdog reads ends with the process and not
// before: a file that nobody can reach any more would be closed, so it is kept.
type running struct {
	dsn   string
	alive io.Closer
}

var server = sync.OnceValues(func() (running, error) {
	bin, err := programs()
	if err != nil {
		return running{}, err
	}
	// Below /tmp because the path of a socket may have a hundred bytes at most.
	dir, err := os.MkdirTemp("/tmp", "andon-pg-")
	if err != nil {
		return running{}, err
	}
	r, err := start(bin, dir)
	if err != nil {
		return running{}, errors.Join(err, os.RemoveAll(dir))
	}
	return r, nil
})

// programs finds the folder of initdb and postgres.
func programs() (string, error) {
	var dirs []string
	if path, err := exec.LookPath("initdb"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	packaged, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is right
	slices.Reverse(packaged)                                  // the newest first
	for _, dir := range append(dirs, packaged...) {
		_, noInit := os.Stat(filepath.Join(dir, "initdb"))
		_, noServer := os.Stat(filepath.Join(dir, "postgres"))
		if noInit == nil && noServer == nil {
			return dir, nil
		}
	}
	return "", errNoPostgres
}

// watchdog runs the server until its standard input ends, which is when this
// process does, in whatever way; then nothing is worth keeping.
const watchdog = `
	"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c port=5432 -c max_connections=200 \
		-c unix_socket_permissions=0700 -c autovacuum=off >"$2/log" 2>&1 </dev/null &
	cat >/dev/null
	kill -QUIT $!
	wait $!
	cd /
	rm -rf "$2"
`

func start(bin, dir string) (running, error) {
	as, err := servant(dir)
	if err != nil {
		return running{}, err
	}
	// A locale that sorts otherwise than by bytes, where there is one: what relies
	// on the database's own order is found out.
	initdb := func(locale ...string) error {
		args := append([]string{"-D", dir + "/data", "-U", "andon", "-A", "trust", "-E", "UTF8", "--no-sync"}, locale...)
		cmd := exec.Command(bin+"/initdb", args...)
		cmd.Dir, cmd.SysProcAttr = dir, as
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("initdb: %w: %s", err, out)
		}
		return nil
	}
	if initdb("--locale=C", "--locale-provider=icu", "--icu-locale=en") != nil {
		if err := initdb("--locale=C"); err != nil {
			return running{}, err
		}
	}
	cmd := exec.Command("sh", "-c", watchdog, "sh", bin, dir)
	cmd.Dir, cmd.SysProcAttr = dir, as
	alive, err := cmd.StdinPipe()
	if err != nil {
		return running{}, err
	}
	if err := cmd.Start(); err != nil {
		return running{}, err
	}
	socket := filepath.Join(dir, ".s.PGSQL.5432")
	for begun := time.Now(); time.Since(begun) < time.Minute; time.Sleep(10 * time.Millisecond) {
		if log, err := os.ReadFile(dir + "/log"); err == nil && strings.Contains(string(log), "ready to accept connections") {
			return running{"postgres://andon@/postgres?" + url.Values{"host": {dir}, "port": {"5432"}}.Encode(), alive}, nil
		}
	}
	log, _ := os.ReadFile(dir + "/log") // without it, too, the server is not there
	return running{}, fmt.Errorf("the server does not listen at %s: %s", socket, log)
}
