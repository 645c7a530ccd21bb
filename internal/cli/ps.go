package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"andon/internal/board"
	"andon/internal/home"
	"andon/internal/proc"
	"andon/internal/view"
	"andon/internal/worker"
)

func newPS(a *app) *cobra.Command {
	return verb(words{
		use: "ps", group: "look",
		short: "list the workers that live on this host, of all boards",
		long: `List the workers that live on this host: of all boards of the home, or of the one
that --board names. AGENT is the process of the profile's command and PID that of
its supervisor; BEAT is how long ago the worker was last heard of, LEASE how long the
card is still its own if it is not heard of again. CPU and MEMORY are of all
processes of the run together, and are told on Linux alone.

On a terminal it is a table. Elsewhere each worker is a line of values with tabs
between them, in the same order and without a heading: times in seconds, memory in
bytes, "-" for what is not known.`,
		example: `  andon ps
  andon ps --board shop
  andon ps --json | jq -r '.[] | select(.rss_bytes > 2e9) | .task'`,
		exits: "a board could not be read",
	}, noWords, (&ps{a}).run)
}

type ps struct{ *app }

// workerView is a living worker, as scripts see it.
type workerView struct {
	Board      string   `json:"board"`
	Task       string   `json:"task"`
	Title      string   `json:"title"`
	Run        int64    `json:"run"`
	Profile    string   `json:"profile"`
	PID        int      `json:"supervisor_pid"`
	Agent      *int     `json:"agent_pid"`
	Started    int64    `json:"started_at"`
	Age        int64    `json:"age_seconds"`
	Heartbeat  *int64   `json:"last_heartbeat_at"`
	Silent     *int64   `json:"heartbeat_seconds"`
	Expires    *int64   `json:"claim_expires"`
	Lease      *int64   `json:"lease_seconds"`
	Processes  *int     `json:"processes,omitempty"`
	CPUSeconds *float64 `json:"cpu_seconds,omitempty"`
	Memory     *int64   `json:"rss_bytes,omitempty"`
}

func (o *ps) run(ctx context.Context, _ []string) error {
	views := []workerView{}
	var trees []proc.Tree
	wrong := o.everywhere(ctx, func(b *board.Board, place home.Board) error {
		held, err := b.InHands(ctx)
		for _, l := range worker.Living(place, held, proc.Hostname()) {
			views, trees = append(views, newWorkerView(place, l, o.Now())), append(trees, l.Tree)
		}
		return err
	})
	if all, ok := proc.Usages(trees); ok {
		for i, u := range all {
			cpu := u.CPU.Seconds()
			views[i].Processes, views[i].CPUSeconds, views[i].Memory = &u.Processes, &cpu, &u.Memory
		}
	}
	var err error
	switch {
	case o.json:
		err = view.JSON(o.Out, views)
	case !o.Terminal:
		for _, v := range views {
			o.printf("%s\n", strings.Join(v.values(), "\t"))
		}
	case len(views) > 0:
		o.printf("%s", workerTable(views, o.style()))
	case wrong == nil:
		o.printf("no worker lives on this host\n")
	}
	return errors.Join(err, wrong)
}

// everywhere hands every board to do that the call means: the one that was named,
// or all that go with the current one. One that is not there yet is passed over,
// and what is wrong with one keeps nobody from the others.
func (o *ps) everywhere(ctx context.Context, do func(*board.Board, home.Board) error) error {
	h, place, err := o.find()
	if err != nil {
		return err
	}
	places := []home.Board{place}
	if o.places.Board == "" && o.places.DB == "" {
		if places, err = o.allHere(ctx, h); err != nil {
			return err
		}
	}
	var wrong error
	for _, p := range places {
		if err := p.Look(ctx); errors.Is(err, home.ErrAbsent) && len(places) > 1 {
			continue
		}
		db, err := o.openDB(ctx, p)
		if err == nil {
			err = errors.Join(do(board.New(db), p), db.Close())
		}
		if err != nil && len(places) > 1 {
			err = fmt.Errorf("board %s: %w", p.Slug, err)
		}
		wrong = errors.Join(wrong, err)
	}
	return wrong
}

func newWorkerView(place home.Board, l worker.Live, now time.Time) workerView {
	v := workerView{
		Board: string(place.Slug), Task: string(l.Task.ID), Title: l.Task.Title, Run: int64(l.Run.ID), Profile: l.Run.Profile,
		PID: l.Supervisor.PID, Started: l.Run.StartedAt.Unix(), Age: seconds(now.Sub(l.Run.StartedAt)),
	}
	if v.Profile == "" {
		v.Profile = l.Task.Assignee
	}
	if l.Agent.PID != 0 {
		v.Agent = &l.Agent.PID
	}
	if at := l.Task.HeartbeatAt; !at.IsZero() {
		v.Heartbeat, v.Silent = new(at.Unix()), new(seconds(now.Sub(at)))
	}
	if at := l.Task.Expires; !at.IsZero() {
		v.Expires, v.Lease = new(at.Unix()), new(seconds(at.Sub(now)))
	}
	return v
}

func seconds(d time.Duration) int64 { return int64(max(d, 0).Seconds()) }

// values are for programs.
func (v workerView) values() []string {
	known := func(n *int64) string {
		if n == nil {
			return "-"
		}
		return strconv.FormatInt(*n, 10)
	}
	agent, cpu := "-", "-"
	if v.Agent != nil {
		agent = strconv.Itoa(*v.Agent)
	}
	if v.CPUSeconds != nil {
		cpu = strconv.FormatFloat(*v.CPUSeconds, 'f', 2, 64)
	}
	return []string{v.Board, view.Plain(v.Task), strconv.FormatInt(v.Run, 10), view.Plain(v.Profile), strconv.Itoa(v.PID), agent,
		strconv.FormatInt(v.Age, 10), known(v.Silent), known(v.Lease), cpu, known(v.Memory), view.Plain(v.Title)}
}

// workerTable is for people.
func workerTable(views []workerView, st view.Style) string {
	weighed := slices.ContainsFunc(views, func(v workerView) bool { return v.Memory != nil })
	span := func(n *int64) string {
		if n == nil {
			return "-"
		}
		return view.Elapsed(time.Duration(*n) * time.Second)
	}
	const age, beat, lease, cpu, memory = 6, 7, 8, 9, 10
	rows := [][]string{{"BOARD", "CARD", "RUN", "PROFILE", "PID", "AGENT", "AGE", "BEAT", "LEASE", "CPU", "MEMORY", "TITLE"}}
	for _, v := range views {
		r := v.values()
		r[age], r[beat], r[lease] = span(&v.Age), span(v.Silent), span(v.Lease)
		if weighed {
			r[cpu], r[memory] = fmt.Sprintf("%.1fs", *v.CPUSeconds), bytesText(*v.Memory)
		}
		rows = append(rows, r)
	}
	if !weighed {
		for i, r := range rows {
			rows[i] = slices.Delete(r, cpu, memory+1)
		}
	}
	return st.Table(rows)
}
