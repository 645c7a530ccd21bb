package mcp

import (
	"context"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"andon/internal/view"
	"andon/kanban"
)

// heard is how far a session has been told of what others say on its worker's card.
type heard struct {
	sync.Mutex
	last int64 // the newest remark that was told
}

// tell follows the board and tells its client what changes: who subscribed to a
// resource hears of it, and a worker of what others say on its card. It ends with
// the context, and with the run of a worker that is known by its token.
func (s *Server) tell(ctx context.Context, server *mcp.Server, d *Desk, head kanban.EventID) error {
	for e, err := range d.Stream(ctx, head) {
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		if until := s.Scope.Until; !until.IsZero() && !s.now().Before(until) {
			return nil
		}
		if s.Scope.Worker() && e.Task == s.Scope.Task {
			if over := d.Authorised(ctx); kanban.CodeOf(over) == kanban.Conflict {
				return nil // what comes now is the business of a later run
			}
		}
		for _, address := range []string{uri(boardScheme, d.Slug), uri(taskScheme, string(e.Task)), uri(logScheme, string(e.Task))} {
			if err := server.ResourceUpdated(ctx, &mcp.ResourceUpdatedNotificationParams{URI: address}); err != nil {
				return err
			}
		}
		if e.Kind != kanban.EventCommented || e.Task != s.Scope.Task {
			continue
		}
		said, err := s.said(ctx, d, false)
		if err != nil {
			return err
		}
		for _, m := range said {
			for session := range server.Sessions() {
				// A client that cannot be reached has gone, and Serve ends of that.
				//lint:ignore SA1019 the agents of today hear this, and not yet what shall come after it
				_ = session.Log(ctx, &mcp.LoggingMessageParams{Level: "warning", Logger: "andon", Data: m})
			}
		}
	}
	return nil
}

// remark is what another has said on the worker's card, as its client is told.
type remark struct {
	Task kanban.TaskID `json:"task_id"`
	ID   int64         `json:"comment_id"`
	view.Comment
	Text string `json:"text"` // for the model to read
}

// listen begins to hear: what has been said until now, the worker reads on its
// card. It comes before the session.
func (s *Server) listen(ctx context.Context, d *Desk) error {
	comments, err := d.Comments(ctx, s.Scope.Task)
	if err != nil && kanban.CodeOf(err) != kanban.NotFound {
		return err
	}
	if len(comments) > 0 {
		s.heard.last = comments[len(comments)-1].ID
		s.notified.last = s.heard.last
	}
	return nil
}

// said is what others have said since the worker was last told. take says that it
// is told now in an answer, which the model will read: a notification it may not.
func (s *Server) said(ctx context.Context, d *Desk, take bool) ([]remark, error) {
	comments, err := d.Comments(ctx, s.Scope.Task)
	if err != nil {
		return nil, err
	}
	h := &s.heard
	if !take {
		h = &s.notified
	}
	h.Lock()
	defer h.Unlock()
	var said []remark
	for _, m := range kanban.Unheard(comments, h.last, s.Author) {
		said = append(said, remark{s.Scope.Task, m.ID, view.Comment{Author: m.Author, Body: m.Body, CreatedAt: m.At.Unix()}, m.Quoted()})
	}
	if len(comments) > 0 {
		h.last = max(h.last, comments[len(comments)-1].ID)
	}
	return said, nil
}
