package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"andon/internal/view"
	"andon/kanban"
)

// tool is one verb as agents have it.
type tool struct {
	name   string
	about  string
	params []param
	result any // a value of the type that comes back

	verb kanban.Verb // empty: it only reads
	rank rank

	reads, destroys, repeats bool // what its annotations say
	web                      bool // it reaches beyond the board

	do func(*call, context.Context) (any, error)
}

// rank is to whom a tool is offered.
type rank int

const (
	everybody    rank = iota
	orchestrator      // not to workers
)

// call is one use of a tool.
type call struct {
	*Server
	*Desk
	args
}

// own is the run which a verb upon the card is bound to.
func (c *call) run(id kanban.TaskID) kanban.RunID {
	if id == c.Server.Scope.Task {
		return c.Server.Scope.Run
	}
	return 0
}

// tools lists the families, in the order in which they are offered.
func tools() []tool {
	return slices.Concat(lookTools(), workTools(), cardTools(), attachTools(), orderTools())
}

// offered are the tools that make sense in this session. What is left out would be
// refused by the board.
func (s *Server) offered() []tool {
	var offered []tool
	for _, t := range tools() {
		if s.admits(t) == nil {
			offered = append(offered, t)
		}
	}
	return offered
}

func (s *Server) admits(t tool) error {
	switch {
	case s.Scope.ReadOnly && !t.reads:
		return s.Scope.Keep()
	case s.Scope.Worker() && t.rank == orchestrator:
		return s.Scope.Keep()
	}
	return nil
}

func (t tool) declaration() *mcp.Tool {
	return &mcp.Tool{
		Name: t.name, Description: t.about, InputSchema: t.input(), OutputSchema: schemaOf(t.result),
		Annotations: &mcp.ToolAnnotations{ReadOnlyHint: t.reads, DestructiveHint: &t.destroys, IdempotentHint: t.repeats || t.reads, OpenWorldHint: &t.web},
	}
}

// handler answers calls of a tool. Whatever goes wrong is an answer that the model
// reads, and never an error of the protocol.
func (s *Server) handler(t tool) mcp.ToolHandler {
	return func(ctx context.Context, req *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		v, err := s.call(ctx, t, req.Params.Arguments)
		if err != nil {
			text, err := compact(view.NewToolError(t.name, err))
			return &mcp.CallToolResult{IsError: true, Content: []mcp.Content{&mcp.TextContent{Text: string(text)}}}, err
		}
		text, err := compact(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: string(text)}}, StructuredContent: text}, nil
	}
}

func (s *Server) call(ctx context.Context, t tool, raw json.RawMessage) (any, error) {
	a, err := t.read(raw)
	if err != nil {
		return nil, err
	}
	d, err := s.desk(ctx, a.text("board"))
	if err != nil {
		return nil, err
	}
	c := &call{Server: s, Desk: d, args: a}
	if t.verb != "" { // the board says so too, but looks at the card first
		id, err := c.target()
		if err != nil {
			return nil, err
		}
		if err := s.Scope.May(t.verb, id); err != nil {
			return nil, err
		}
	}
	return t.do(c, ctx)
}

// desk is the board that a call means.
func (s *Server) desk(ctx context.Context, slug string) (*Desk, error) {
	d, err := s.Open(ctx, "")
	if err != nil {
		return nil, err
	}
	if slug != "" && slug != d.Slug {
		if s.Scope.Worker() {
			return nil, &kanban.Error{Code: kanban.Denied, Err: kanban.ErrScope,
				Msg: fmt.Sprintf("this is the worker of %s on the board %s, and may not go to the board %s", s.Scope.Task, d.Slug, kanban.TitleOf(slug))}
		}
		if d, err = s.Open(ctx, slug); err != nil {
			return nil, err
		}
	}
	return d, d.Authorised(ctx)
}

// target is the card that a verb is done to, for the look at the scope. It is empty
// for one that makes a card.
func (c *call) target() (kanban.TaskID, error) {
	switch {
	case c.has("child_id"):
		return c.id("child_id")
	case !c.takes("task_id"):
		return "", nil
	}
	return c.card()
}

// card is the card that the call names; a worker's own where it names none.
func (c *call) card() (kanban.TaskID, error) {
	if !c.has("task_id") && c.Server.Scope.Worker() {
		return c.Server.Scope.Task, nil
	}
	return c.id("task_id")
}

// compact is JSON on one line, letters as they are.
func compact(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	err := view.JSONLine(&b, v)
	return bytes.TrimSpace(b.Bytes()), err
}
