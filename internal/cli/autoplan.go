package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"andon/internal/board"
	"andon/internal/dispatch"
	"andon/internal/home"
	"andon/internal/planner"
	"andon/internal/store"
	"andon/internal/view"
	"andon/kanban"
)

// autoplanner has raw ideas planned beside a dispatcher, one at a time. The
// dispatcher never waits for it: it only hears of passes.
type autoplanner struct {
	*run
	kick chan struct{} // there is something in news

	mu   sync.Mutex
	news map[home.Slug]home.Board // boards on which something happened

	rests map[string]rest // of ideas, by board and id, that could not be planned
	whole rest            // of the planner, which did not answer
}

// rest is a pause after failures.
type rest struct {
	failures int
	until    time.Time
	idea     kanban.Idea // of which it failed
	said     string      // the last failure
}

const autoAuthor = "auto-decomposer"

func newAutoplanner(o *run) *autoplanner {
	return &autoplanner{run: o, kick: make(chan struct{}, 1), news: map[home.Slug]home.Board{}, rests: map[string]rest{}}
}

// heed hears of a pass over a board. It does not wait.
func (p *autoplanner) heed(r dispatch.Report) {
	if !p.fleet.config.Load().Planner.Auto {
		return
	}
	p.mu.Lock()
	p.news[r.Board.Slug] = r.Board
	p.mu.Unlock()
	p.nudge()
}

func (p *autoplanner) nudge() {
	select {
	case p.kick <- struct{}{}:
	default:
	}
}

// live plans until the context ends, which ends a planner that is at it.
func (p *autoplanner) live(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	waiting := map[home.Slug]home.Board{} // boards with ideas that rest
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.kick:
		case <-timer.C:
		}
		p.mu.Lock()
		for slug, place := range p.news {
			waiting[slug] = place
		}
		clear(p.news)
		p.mu.Unlock()
		next := time.Now().Add(time.Hour)
		for slug, place := range waiting {
			due, err := p.board(ctx, place)
			switch {
			case ctx.Err() != nil:
				return
			case err != nil:
				p.tell(p.fleet.about(place, err))
				delete(waiting, slug) // its next pass brings it back
			case due.IsZero():
				delete(waiting, slug)
			case due.Before(next):
				next = due
			}
		}
		timer.Reset(max(time.Until(next), time.Second))
	}
}

// board plans the raw ideas of a board, and tells when the first that rests is due;
// zero: none does.
func (p *autoplanner) board(ctx context.Context, place home.Board) (due time.Time, err error) {
	b, closeBoard, err := p.fleet.openAside(ctx, place)
	if err != nil {
		return due, err
	}
	defer func() { err = errors.Join(err, closeBoard()) }()
	tasks, err := b.List(ctx, store.Filter{Statuses: []kanban.Status{kanban.Triage}})
	if err != nil {
		return due, err
	}
	tasks = slices.DeleteFunc(tasks, func(t kanban.Task) bool { return !t.Raw() })
	maps.DeleteFunc(p.rests, func(key string, _ rest) bool { // those that left triage
		id, here := strings.CutPrefix(key, string(place.Slug)+"/")
		return here && !slices.ContainsFunc(tasks, func(t kanban.Task) bool { return string(t.ID) == id })
	})
	later := func(at time.Time) {
		if due.IsZero() || at.Before(due) {
			due = at
		}
	}
	for _, t := range tasks {
		cfg := p.fleet.adjusted()
		if !cfg.Planner.Auto {
			return time.Time{}, nil
		}
		if time.Now().Before(p.whole.until) {
			later(p.whole.until)
			return due, nil
		}
		key := string(place.Slug) + "/" + string(t.ID)
		r := p.rests[key]
		switch {
		case r.failures > 0 && r.idea != t.Idea():
			r = rest{}
		case r.failures >= kanban.MaxPlanTries:
			continue
		case time.Now().Before(r.until):
			later(r.until)
			continue
		}
		ask := planner.Planner{Config: cfg.Planner, Getenv: p.Env, Environ: os.Environ()}
		v, err := plan(ctx, b, cfg, ask, t, true, false, kanban.Decomposition{Author: autoAuthor}, time.Now())
		switch {
		case ctx.Err() != nil:
			return due, nil
		case err == nil:
			delete(p.rests, key)
			p.whole = rest{}
			p.planned(t.ID, v)
			continue
		case kanban.CodeOf(err) == kanban.Conflict, kanban.CodeOf(err) == kanban.NotFound:
			later(time.Now().Add(time.Second)) // somebody works on it; it is looked at again
			continue
		}
		p.tell(p.fleet.about(place, fmt.Errorf("%s is not planned: %w", t.ID, err)))
		of := &p.whole
		if v.answer != "" { // the planner is well, and its plan is not
			p.whole, of = rest{}, &r
		}
		first := of.said != err.Error()
		of.failures++
		of.until = time.Now().Add(kanban.PlanRest(of.failures))
		of.idea, of.said = t.Idea(), err.Error()
		if of == &r {
			p.rests[key] = r
		}
		if of.failures < kanban.MaxPlanTries || of == &p.whole {
			later(of.until)
		}
		if first {
			if err := p.comment(ctx, b, t.ID, err); err != nil {
				return due, err
			}
		}
	}
	return due, nil
}

// comment leaves word on a card, once for each cause: a dispatcher that begins anew
// would say it again. A planner that words the same cause anew each time, with the
// number of a process or the hour in it, is told of a few times.
func (p *autoplanner) comment(ctx context.Context, b *board.Board, id kanban.TaskID, why error) error {
	comments, err := b.Comments(ctx, id)
	if err != nil {
		return err
	}
	said := map[string]bool{}
	for _, c := range comments {
		if c.Author == autoAuthor {
			said[c.Body] = true
		}
	}
	if text := kanban.Unplanned(why); !said[text] && len(said) < kanban.MaxPlanTries {
		_, err = b.Comment(ctx, id, autoAuthor, text)
	}
	return err
}

// tell says what went wrong, as the dispatcher does.
func (p *autoplanner) tell(err error) {
	if p.logger != nil {
		p.logger.Warn("planner", "err", view.Plain(strings.TrimSpace(err.Error())))
		return
	}
	p.say(err)
}

func (p *autoplanner) planned(id kanban.TaskID, v verdict) {
	if p.logger != nil {
		p.logger.Info("planned", "task", string(id), "cards", len(v.made))
		return
	}
	what := "one piece of work"
	if !v.spec {
		what = fmt.Sprintf("%d cards", len(v.made))
	}
	fmt.Fprintf(p.Err, "andon: %s is planned: %s\n", id, what)
}
