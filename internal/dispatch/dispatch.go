package dispatch

import (
	"context"
	"fmt"
	"sync"
	"time"

	"andon/internal/board"
	"andon/internal/home"
	"andon/internal/proc"
	"andon/internal/worker"
	"andon/kanban"
)

// Dispatcher starts the cards of all boards of a home. Its fields are set before
// the first use. One process has one.
type Dispatcher struct {
	// Boards lists the boards to serve. It is asked again and again, so that a new
	// board is found. Open opens one of them.
	Boards func(context.Context) ([]home.Board, error)
	Open   func(context.Context, home.Board) (b *board.Board, done func() error, err error)

	Settings Settings // at first; see [Dispatcher.Set]

	// PassLock is a file by which processes take turns at counting what runs on all
	// boards and starting more. Empty: this is the only one.
	PassLock string

	// Launch starts a supervisor and calls done when it has ended.
	Launch func(job worker.Job, done func()) error

	// Report hears what a pass did on a board, also if that is nothing; it may be nil.
	Report func(Report)

	// Turn is called whenever the loop of Run comes round, first when the boards are
	// open; it may be nil.
	Turn func()

	once  sync.Once
	host  string
	self  string // this process as its claims name it
	kick  chan struct{}
	seats map[string]*seat // by the database's address
	order []*seat          // in the order of Boards
	began time.Time        // of the present pass

	mu       sync.Mutex
	settings Settings
	reset    bool // every board is to be looked at; under mu
}

// Settings is what a dispatcher goes by.
type Settings struct {
	Limits Limits
	Job    worker.Job // what all jobs have in common
}

// Single is a dispatcher of one open board.
func Single(b *board.Board, place home.Board) *Dispatcher {
	return &Dispatcher{
		Boards: func(context.Context) ([]home.Board, error) { return []home.Board{place}, nil },
		Open: func(context.Context, home.Board) (*board.Board, func() error, error) {
			return b, func() error { return nil }, nil
		},
	}
}

// Report is what one pass did on a board.
type Report struct {
	Board         home.Board
	SkippedLocked bool // another dispatcher was at it; nothing was done there

	Reclaimed, Crashed, TimedOut, Stale, AutoBlocked, Promoted []kanban.TaskID

	Fired []board.Fired // routines that were due

	AutoAssigned []kanban.TaskID // cards of nobody, given to the default assignee
	Guarded      []kanban.TaskID // held by their past since this tick

	Spawned []Spawn
	Ended   []Ended
	Took    time.Duration // the pass over all boards
	Starts  Starts        // for the cards that were not started: why
	Errors  []error
	Rests   time.Time // until when the board is left alone because of them; zero: it is not
}

// Spawn is a card that was started.
type Spawn struct {
	Task      kanban.TaskID
	Run       kanban.RunID
	Assignee  string
	Workspace string
	After     time.Duration // since the pass began that started it
	Commit    time.Duration // that the claim took to be on disk
}

// Ended is a run that was running when the board was last looked at, and is not now.
type Ended struct {
	Run kanban.Run
}

// Idle reports whether the pass changed nothing.
func (r Report) Idle() bool {
	return len(r.Reclaimed)+len(r.Crashed)+len(r.TimedOut)+len(r.Stale)+len(r.AutoBlocked)+len(r.Promoted)+len(r.Fired)+
		len(r.AutoAssigned)+len(r.Guarded)+len(r.Spawned)+len(r.Errors) == 0
}

func (d *Dispatcher) init() {
	d.once.Do(func() {
		d.host = proc.Hostname()
		self := proc.Self()
		d.self = fmt.Sprintf("%s:%d:%s", d.host, self.PID, self.Start)
		d.kick = make(chan struct{}, 1)
		d.seats = map[string]*seat{}
		d.settings = d.Settings
	})
}

// Set changes what the dispatcher goes by, from the next pass on, which it does
// at once. Runs that were started keep to what they were told.
func (d *Dispatcher) Set(s Settings) {
	d.init()
	d.mu.Lock()
	d.settings, d.reset = s, true
	d.mu.Unlock()
	d.nudge()
}

func (d *Dispatcher) now() Settings {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.settings
}

// LockFile is the lock that a dispatcher holds while it does a pass over a board,
// Hermes' too. Who holds it has the board's workers to himself.
func LockFile(b home.Board) string { return b.Sidecar(".dispatch.lock") }
