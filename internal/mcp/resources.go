package mcp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"andon/internal/store"
	"andon/internal/view"
	"andon/kanban"
)

// The kinds of resources, which are the schemes of their addresses.
const (
	boardScheme = "board"
	taskScheme  = "task"
	logScheme   = "log"
)

func uri(scheme, name string) string { return scheme + "://" + name }

// parseURI takes the address of a resource apart.
func parseURI(address string) (scheme, name string, err error) {
	scheme, name, ok := strings.Cut(address, "://")
	switch {
	case !ok || scheme != boardScheme && scheme != taskScheme && scheme != logScheme:
		return "", "", &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: fmt.Sprintf("%q is no resource; there are board://SLUG, task://ID and log://ID", kanban.TitleOf(address))}
	case scheme != boardScheme:
		id, err := checkID(scheme+"://", name)
		return scheme, string(id), protocol(err)
	}
	return scheme, name, nil
}

// protocol makes an error of the protocol of an error of ours.
func protocol(err error) error {
	if err == nil {
		return nil
	}
	return &jsonrpc.Error{Code: int64(view.RPC(err)), Message: view.Plain(err.Error())}
}

func (s *Server) resources(server *mcp.Server) {
	const asJSON = "application/json"
	own := ""
	if d, err := s.Open(context.Background(), ""); err == nil {
		own = d.Slug
	}
	if !s.Scope.Worker() { // it does not list cards
		server.AddResource(&mcp.Resource{URI: uri(boardScheme, own), Name: own, Title: "The board " + own, MIMEType: asJSON,
			Description: "Its numbers, and the cards that are not finished, the most urgent first."}, s.read)
		server.AddResourceTemplate(&mcp.ResourceTemplate{URITemplate: "board://{slug}", Name: "board", MIMEType: asJSON, Description: "A board, by its name."}, s.read)
	} else {
		id := string(s.Scope.Task)
		server.AddResource(&mcp.Resource{URI: uri(taskScheme, id), Name: id, Title: "This worker's card", MIMEType: asJSON}, s.read)
	}
	server.AddResourceTemplate(&mcp.ResourceTemplate{URITemplate: "task://{id}", Name: "task", MIMEType: asJSON, Description: "A card, as kanban_show has it."}, s.read)
	server.AddResourceTemplate(&mcp.ResourceTemplate{URITemplate: "log://{id}", Name: "log", MIMEType: "text/plain",
		Description: "The end of what the workers of a card have written."}, s.read)
}

// subscribe lets a session hear of what it may read.
func (s *Server) subscribe(ctx context.Context, req *mcp.SubscribeRequest) error {
	scheme, _, err := parseURI(req.Params.URI)
	if err != nil {
		return err
	}
	if err = s.mayRead(scheme); err == nil {
		_, err = s.desk(ctx, "")
	}
	return protocol(err)
}

// mayRead refuses a worker the boards: it does not list cards.
func (s *Server) mayRead(scheme string) error {
	if scheme == boardScheme && s.Scope.Worker() {
		return s.Scope.Keep()
	}
	return nil
}

// boardView is a board as its resource has it.
type boardView struct {
	Slug      string     `json:"slug"`
	Stats     view.Stats `json:"stats"`
	Tasks     []summary  `json:"tasks"`
	Truncated bool       `json:"truncated"`
}

// read reads a resource.
func (s *Server) read(ctx context.Context, req *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
	scheme, name, err := parseURI(req.Params.URI)
	if err != nil {
		return nil, err
	}
	v, err := s.resource(ctx, scheme, name)
	if kanban.CodeOf(err) == kanban.NotFound {
		return nil, mcp.ResourceNotFoundError(req.Params.URI)
	}
	if err != nil {
		return nil, protocol(err)
	}
	c := &mcp.ResourceContents{URI: req.Params.URI, MIMEType: "text/plain"}
	if text, ok := v.(string); ok {
		c.Text = text
	} else {
		text, err := compact(v)
		if err != nil {
			return nil, err
		}
		c.MIMEType, c.Text = "application/json", string(text)
	}
	return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{c}, Cacheable: mcp.Cacheable{CacheScope: "private"}}, nil // who else asks may see less
}

func (s *Server) resource(ctx context.Context, scheme, name string) (any, error) {
	if err := s.mayRead(scheme); err != nil {
		return nil, err
	}
	slug := ""
	if scheme == boardScheme {
		slug = name
	}
	d, err := s.desk(ctx, slug)
	if err != nil {
		return nil, err
	}
	switch scheme {
	case taskScheme:
		return s.show(ctx, d, kanban.TaskID(name))
	case logScheme:
		return d.tail(ctx, kanban.TaskID(name))
	}
	v := boardView{Slug: d.Slug, Tasks: []summary{}}
	if v.Stats, err = s.stats(ctx, d, 0); err != nil {
		return nil, err
	}
	var open []kanban.Status
	for _, status := range kanban.Statuses {
		if !status.Satisfied() {
			open = append(open, status)
		}
	}
	tasks, links, err := d.Linked(ctx, store.Filter{Statuses: open, Limit: maxList + 1})
	if err != nil {
		return nil, err
	}
	v.Truncated = len(tasks) > maxList
	for _, t := range tasks[:min(len(tasks), maxList)] {
		v.Tasks = append(v.Tasks, newSummary(t, links))
	}
	return v, nil
}

// maxLog bounds what is told of a log, in bytes: its end says most.
const maxLog = 64 << 10

// tail is the end of a card's log, from the start of a line.
func (d *Desk) tail(ctx context.Context, id kanban.TaskID) (string, error) {
	if _, err := d.Task(ctx, id); err != nil {
		return "", err
	}
	file, err := d.Log(id)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil // nobody has worked on it here
	}
	if err != nil {
		return "", fmt.Errorf("read the log of %s: %w", id, err)
	}
	defer file.Close()
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return "", err
	}
	from := max(0, size-maxLog)
	if _, err := file.Seek(from, io.SeekStart); err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(file, maxLog))
	if from > 0 {
		if _, rest, ok := bytes.Cut(text, []byte("\n")); ok {
			text = rest
		}
	}
	return view.PlainLines(string(text)), err
}
