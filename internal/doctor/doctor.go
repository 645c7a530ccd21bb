// Package doctor looks over what andon stands on: the home, its disk, the board,
// the settings, the locks and the neighbours. It only looks.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"andon/internal/config"
	"andon/internal/fsx"
	"andon/internal/home"
	"andon/internal/lock"
	"andon/internal/store"
	"andon/kanban"
)

// Status says how a thing stands.
type Status string

const (
	OK   Status = "ok"
	Warn Status = "warn" // it works, and less well than it could, or not yet
	Fail Status = "fail"
)

// Check is one thing that was looked at.
type Check struct {
	Name   string `json:"check"`
	Status Status `json:"status"`
	Detail string `json:"detail"`
	Hint   string `json:"hint"` // what to do; empty where there is nothing
}

// Patient is what is looked over.
type Patient struct {
	Home    home.Home
	Board   home.Board
	Hermes  string // the folder of a Hermes of this user; empty if unknown
	Path    string // where programs are looked for, as the variable PATH has it
	Options store.Options
	Now     time.Time
}

// Examine looks at everything, and gives a line for each thing.
func Examine(ctx context.Context, p Patient) []Check {
	e := &examination{Patient: p}
	there := e.folder()
	if there {
		e.disk(p.Home.Root)
	}
	e.settings()
	examined := e.board(ctx)
	e.clock(examined)
	e.locks()
	e.dispatcher()
	e.pauses(ctx)
	e.neighbour()
	return e.checks
}

type examination struct {
	Patient
	checks   []Check
	profiles int
}

func (e *examination) say(name string, s Status, hint, format string, args ...any) {
	e.checks = append(e.checks, Check{name, s, fmt.Sprintf(format, args...), hint})
}

func (e *examination) folder() bool {
	root := e.Home.Root
	info, err := os.Stat(root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.say("home", Warn, "`andon init` makes it", "%s is not there yet", root)
		return false
	case err != nil:
		e.say("home", Fail, "name another with --home or ANDON_HOME", "%v", err)
		return false
	case !info.IsDir():
		e.say("home", Fail, "name a folder with --home or ANDON_HOME", "%s is a file", root)
		return false
	}
	err = fsx.Folder(root)
	switch {
	case err != nil:
		e.say("home", Fail, "", "%v", err)
	case info.Mode().Perm()&0o002 != 0:
		e.say("home", Warn, "run: chmod o-w "+root, "every user of this machine may write in %s, and so say what workers run", root)
	default:
		e.say("home", OK, "", "%s can be read and written", root)
	}
	return true
}

const (
	leastSpace  = 64 << 20
	littleSpace = 1 << 30
)

func (e *examination) disk(dir string) {
	d, err := fsx.DiskOf(dir)
	if err != nil {
		e.say("file system", Warn, "", "this system does not tell what %s is on: %v", dir, err)
		return
	}
	e.checks = append(e.checks, fileSystem(d, dir, e.Board.OnServer()), space(d))
}

func fileSystem(d fsx.Disk, dir string, onServer bool) Check {
	switch {
	case !d.Shared:
		return Check{"file system", OK, "a local one", ""}
	case onServer:
		return Check{"file system", OK, fmt.Sprintf("%s is on %s; the board is on a server", dir, d.Kind), ""}
	}
	return Check{"file system", Warn, fmt.Sprintf("%s is on %s, which may not lock files as SQLite needs it", dir, d.Kind),
		"keep boards on a local disk, or in a Postgres database"}
}

func space(d fsx.Disk) Check {
	c := Check{"disk space", OK, fmt.Sprintf("%s of %s are free", size(d.Free), size(d.Total)), ""}
	if d.Free < littleSpace {
		c.Status, c.Hint = Warn, "make room: the logs of workers, and old backups and workspaces, are the first to look at"
	}
	if d.Free < leastSpace {
		c.Status = Fail
	}
	return c
}

func (e *examination) settings() {
	file := e.Home.ConfigFile()
	cfg, err := config.Load(file, os.ReadFile)
	if err != nil {
		e.say("settings", Fail, "mend it; `andon config check` says whether it is right", "%v", err)
		return
	}
	e.profiles = len(cfg.Profiles)
	switch _, err := os.Stat(file); {
	case err != nil:
		e.say("settings", Warn, "`andon init` makes one that shows every setting", "there is no %s, so nothing can be started", file)
	case len(cfg.Profiles) == 0:
		e.say("settings", Warn, "andon.yaml shows how to make one", "%s has no profile yet, so nothing can be started", file)
	default:
		e.say("settings", OK, "", "%s is right", file)
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Profiles)) {
		p := cfg.Profiles[name]
		path := e.Path
		if own, ok := p.Env["PATH"]; ok {
			path = own
		}
		c := program(p.Command[0], path)
		c.Name = "profile " + name
		e.checks = append(e.checks, c)
	}
}

// program says whether a profile's program is there to be started.
func program(name, path string) Check {
	const hint = "install it, or write its whole path in andon.yaml"
	switch {
	case strings.Contains(name, "{{"):
		return Check{Status: OK, Detail: name + " is another one for each card"}
	case filepath.Base(name) != name && !filepath.IsAbs(name):
		return Check{Status: Warn, Detail: name + " is looked for in the workspace of each card", Hint: "write its whole path if it lies elsewhere"}
	case filepath.IsAbs(name):
		if err := executable(name); err != nil {
			return Check{Status: Fail, Detail: err.Error(), Hint: hint}
		}
		return Check{Status: OK, Detail: name + " is there"}
	}
	for _, dir := range filepath.SplitList(path) {
		if !filepath.IsAbs(dir) {
			continue // what is found in the folder of today is not found in a workspace
		}
		if file := filepath.Join(dir, name); executable(file) == nil {
			return Check{Status: OK, Detail: name + " is " + file}
		}
	}
	return Check{Status: Fail, Detail: "no program " + name + " is on the PATH", Hint: hint + "; the dispatcher looks on its own PATH"}
}

func (e *examination) board(ctx context.Context) home.Examined {
	err := e.Board.Look(ctx)
	if errors.Is(err, home.ErrAbsent) {
		e.say("board", Warn, "`andon init` makes it", "%v", err)
		return home.Examined{}
	}
	var x home.Examined
	if err == nil {
		x, err = e.Board.Examine(ctx, e.Options)
	}
	if err != nil {
		hint := ""
		if k, ok := errors.AsType[*kanban.Error](err); ok {
			err, hint = errors.New(k.Msg), k.Hint
		}
		e.say("board", Fail, hint, "%v", err)
		return x
	}
	e.say("database", OK, "", "%s", x.Engine)
	journal := ""
	if x.Journal != "" {
		journal = ", journal mode " + x.Journal
	}
	c := Check{"board", OK, fmt.Sprintf("%s (%s), %s%s", e.Board.Slug, e.Board.Address(), size(uint64(max(x.Bytes, 0))), journal), ""}
	if x.Journal != "" && x.Journal != "wal" {
		c.Status, c.Hint = Warn, "readers and writers wait for each other; `andon repair --wal` gives it a write-ahead log"
	}
	e.checks = append(e.checks, c)
	if !e.Board.OnServer() {
		e.checks = append(e.checks, integrity(x.Whole, e.Now))
	}
	return x
}

// integrity judges when a file was last examined: who opens it after a day
// examines it.
func integrity(whole, now time.Time) Check {
	const again = "`andon check --full` examines it now"
	age := now.Sub(whole)
	switch {
	case whole.IsZero():
		return Check{"integrity", Warn, "nobody has noted yet that the file is whole", again}
	case age < -time.Minute:
		return Check{"integrity", Warn, "the file was found whole in the future, " + span(-age) + " from now", "set the clock, and then: " + again}
	case age > 48*time.Hour:
		return Check{"integrity", Warn, "the file was last found whole " + span(age) + " ago", again}
	}
	return Check{"integrity", OK, "the file was found whole " + span(max(age, 0)) + " ago", ""}
}

func (e *examination) clock(x home.Examined) {
	e.checks = append(e.checks, clock(e.Now, x.Newest, x.Clock))
}

// longAgo is before any andon: a clock that says so was never set.
var longAgo = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// clock judges the time of this host by what happened on the board, and by the
// server's clock where there is one.
func clock(now, newest, server time.Time) Check {
	const hint = "set the clock: leases, delays and schedules go by it"
	text := now.UTC().Format("2006-01-02 15:04:05") + " UTC"
	switch {
	case now.Before(longAgo):
		return Check{"clock", Fail, "it is " + text + " here, which cannot be", hint}
	case newest.After(now.Add(time.Minute)):
		return Check{"clock", Warn, fmt.Sprintf("it is %s here, and the board has an event from %s later", text, span(newest.Sub(now))), hint}
	case !server.IsZero() && server.Sub(now).Abs() > time.Minute:
		return Check{"clock", Warn, fmt.Sprintf("it is %s here, and the server's clock is off by %s", text, span(server.Sub(now).Abs())), hint}
	}
	return Check{"clock", OK, text, ""}
}

// locks tries those lock files that are there: to make one would be a trace.
func (e *examination) locks() {
	tried := 0
	for _, file := range []string{e.Home.DispatcherLock(), e.Board.Sidecar(".init.lock"), e.Board.Sidecar(".dispatch.lock")} {
		if _, err := os.Stat(file); err != nil {
			continue
		}
		guard, free, err := lock.Try(file)
		if free {
			err = guard.Unlock()
		}
		if err != nil {
			e.say("locks", Fail, "keep the home on a disk whose files can be locked, and see to it that this user may write them", "%v", err)
			return
		}
		tried++
	}
	if tried == 0 {
		e.say("locks", OK, "", "there is no lock file yet to try")
		return
	}
	e.say("locks", OK, "", "files can be locked")
}

func (e *examination) dispatcher() {
	switch held := held(e.Home.DispatcherLock()); {
	case held:
		e.say("dispatcher", OK, "", "one serves %s", e.Home.Root)
	case e.profiles == 0:
		e.say("dispatcher", OK, "", "none serves %s, and there is no profile to start", e.Home.Root)
	default:
		e.say("dispatcher", Warn, "`andon run` starts one", "none serves %s, so ready cards wait", e.Home.Root)
	}
}

// pauses tells of what people keep from being started.
func (e *examination) pauses(ctx context.Context) {
	if e.Board.Look(ctx) != nil {
		return // there is none, or that was told
	}
	db, err := e.Board.Open(ctx, e.Options)
	if err != nil {
		return
	}
	defer db.Close()
	var pauses []kanban.Pause
	if err := db.View(ctx, func(tx *store.Tx) error {
		pauses, err = tx.Pauses(ctx)
		return err
	}); err != nil {
		return
	}
	for _, p := range pauses {
		why := ""
		if p.Reason != "" {
			why = ": " + p.Reason
		}
		e.say("pause", Warn, "`andon resume` ends it; `andon resume --all` whatever is paused", "%s is paused since %s by %s%s", p.Scope, span(e.Now.Sub(p.Since)), p.Actor, why)
	}
}

// held reports whether a lock that is there is held by another process.
func held(file string) bool {
	if _, err := os.Stat(file); err != nil {
		return false
	}
	guard, free, err := lock.Try(file)
	if free {
		_ = guard.Unlock()
	}
	return !free && err == nil
}

// neighbour tells of a Hermes of the same user.
func (e *examination) neighbour() {
	if e.Hermes == "" {
		return
	}
	_, err := os.Stat(filepath.Join(e.Hermes, "kanban.db"))
	alive := held(filepath.Join(e.Hermes, "kanban", ".dispatcher.lock"))
	e.checks = append(e.checks, hermes(situation{
		dir: e.Hermes, root: e.Home.Root, db: e.Board.DB, there: err == nil, alive: alive,
	}))
}

// situation is how a Hermes stands to the home.
type situation struct {
	dir, root, db string
	there         bool // it has a board
	alive         bool // something dispatches for it
}

func hermes(s situation) Check {
	c := Check{Name: "hermes", Status: OK}
	within, err := filepath.Rel(s.dir, s.db)
	switch {
	case !s.there && !s.alive:
		c.Detail = "none in " + s.dir
	case s.dir == s.root:
		c.Detail = fmt.Sprintf("%s is a Hermes home: the boards are shared, and one of the two dispatches", s.dir)
		if s.alive {
			c.Detail += "; a dispatcher is alive"
		}
		c.Hint = "`andon run` refuses to start beside a Hermes gateway that dispatches"
	case err == nil && filepath.IsLocal(within):
		c.Status = Warn
		c.Detail = fmt.Sprintf("the board is one of the Hermes home %s, and the home is %s: each may have a dispatcher, and two would serve one file", s.dir, s.root)
		c.Hint = "name the Hermes home instead of the file, with --home or ANDON_HOME"
	default:
		c.Detail = fmt.Sprintf("the boards in %s are its own, and not touched", s.dir)
		if s.alive {
			c.Detail += "; its dispatcher is alive"
		}
		c.Hint = fmt.Sprintf("`andon --home %s ...` works on them", s.dir)
	}
	return c
}

func size(n uint64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB", "TiB", "PiB"}
	f, i := float64(n), 0
	for ; f >= 1024 && i+1 < len(units); i++ {
		f /= 1024
	}
	if i == 0 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f %s", f, units[i])
}

func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
