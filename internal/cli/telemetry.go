package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"andon/internal/board"
	"andon/internal/dispatch"
	"andon/internal/home"
	"andon/kanban"
)

// newLogger makes the structured log that the flags of "run" ask for; nil if they
// ask for none.
func (o *run) newLogger() (*slog.Logger, error) {
	if !o.changed("log-format") && !o.changed("log-level") {
		return nil, nil
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.logLevel)); err != nil || !slices.Contains([]string{"debug", "info", "warn", "error"}, strings.ToLower(o.logLevel)) {
		return nil, usagef("--log-level %q: it is debug, info, warn or error", o.logLevel)
	}
	options := &slog.HandlerOptions{Level: level}
	switch o.logFormat {
	case "text":
		return slog.New(slog.NewTextHandler(o.Err, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(o.Err, options)), nil
	}
	return nil, usagef("--log-format %q: it is text or json", o.logFormat)
}

// log writes a line for each thing that a pass did.
func (o *run) log(r dispatch.Report) {
	l := o.logger.With("board", string(r.Board.Slug))
	if r.Took > 0 {
		l.Debug("pass", "took", r.Took)
	}
	for _, e := range r.Errors {
		l.Error("error", "err", e.Error(), "rests", !r.Rests.IsZero())
	}
	for _, s := range r.Spawned {
		l.Info("started", "card", string(s.Task), "run", int64(s.Run), "profile", s.Assignee, "after", s.After)
	}
	for _, e := range r.Ended {
		l.Info("ended", "card", string(e.Run.Task), "run", int64(e.Run.ID), "profile", e.Run.Profile, "outcome", string(e.Run.Outcome),
			"seconds", int64(e.Run.EndedAt.Sub(e.Run.StartedAt).Seconds()), "exit", e.Run.Worker.Exit)
	}
	for _, c := range []struct {
		what  string
		level slog.Level
		ids   []kanban.TaskID
	}{
		{"reclaimed", slog.LevelWarn, r.Reclaimed}, {"crashed", slog.LevelWarn, r.Crashed}, {"timed out", slog.LevelWarn, r.TimedOut}, {"stale", slog.LevelWarn, r.Stale},
		{"gave up", slog.LevelError, r.AutoBlocked}, {"promoted", slog.LevelInfo, r.Promoted}, {"assigned", slog.LevelInfo, r.AutoAssigned}, {"guarded", slog.LevelInfo, r.Guarded},
	} {
		for _, id := range c.ids {
			l.Log(context.Background(), c.level, c.what, "card", string(id))
		}
	}
}

// gauges is what Prometheus is told.
type gauges struct {
	set *metrics.Set

	mu     sync.Mutex
	boards map[home.Slug]*board.Board // that are open
}

func newGauges() *gauges { return &gauges{set: metrics.NewSet(), boards: map[home.Slug]*board.Board{}} }

func (g *gauges) opened(slug home.Slug, b *board.Board) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.boards[slug] = b; b == nil {
		delete(g.boards, slug)
	}
}

// heed counts what a pass did on a board.
func (g *gauges) heed(r dispatch.Report) {
	count := func(name, labels string) *metrics.Counter { return g.set.GetOrCreateCounter(name + "{" + labels + "}") }
	of := fmt.Sprintf("board=%q", r.Board.Slug)
	if r.Took > 0 {
		g.set.GetOrCreateSummary("andon_pass_duration_seconds{" + of + "}").Update(r.Took.Seconds())
	}
	for _, s := range r.Spawned {
		count("andon_runs_started_total", fmt.Sprintf("%s,profile=%q", of, s.Assignee)).Inc()
		g.set.GetOrCreateSummary("andon_claim_latency_seconds{" + of + "}").Update(s.After.Seconds())
		g.set.GetOrCreateSummary("andon_commit_duration_seconds{" + of + "}").Update(s.Commit.Seconds())
	}
	for _, e := range r.Ended {
		labels := fmt.Sprintf("%s,profile=%q,outcome=%q", of, e.Run.Profile, e.Run.Outcome)
		count("andon_runs_ended_total", labels).Inc()
		g.set.GetOrCreateSummary("andon_run_duration_seconds{" + labels + "}").Update(e.Run.EndedAt.Sub(e.Run.StartedAt).Seconds())
	}
	count("andon_reclaimed_total", of).Add(len(r.Reclaimed) + len(r.Stale))
	count("andon_errors_total", of).Add(len(r.Errors))
}

func (g *gauges) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock() // a board is not closed while it is counted
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	for slug, b := range g.boards {
		counts, err := b.Counts(r.Context())
		if err != nil {
			continue // the error is the dispatcher's to tell
		}
		for _, s := range kanban.Statuses {
			metrics.WriteGaugeUint64(w, fmt.Sprintf("andon_cards{board=%q,status=%q}", slug, s), uint64(counts[s]))
		}
	}
	g.set.WritePrometheus(w)
}

// serve answers at an address until the context ends.
func (g *gauges) serve(ctx context.Context, at string) (done func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", at)
	if err != nil {
		return nil, &kanban.Error{Code: kanban.Denied, Err: err, Msg: fmt.Sprintf("serve metrics at %s: %v", at, err), Hint: "give a free port with --metrics"}
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", g)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // it ends when it is closed
	return func() { _ = server.Close(); serving.Wait() }, nil
}

// parseListen refuses what is no address, and one that others can reach, unless
// that was asked for.
func parseListen(flag, at, like string, anywhere bool) error {
	host, port, err := net.SplitHostPort(at)
	if err == nil && port == "" {
		err = errors.New("it has no port")
	}
	if err != nil {
		return usagef("--%s %q: give an address such as %s (%v)", flag, at, like, err)
	}
	if ip := net.ParseIP(host); !anywhere && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return usagef("--%s %q: others could read it, for it is no loopback address; give 127.0.0.1:%s, or say --%s-anywhere", flag, at, port, flag)
	}
	return nil
}
