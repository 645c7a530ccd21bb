package mcp

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// drained is a transport whose end of input waits until all that was asked has been
// answered: what writes its questions and closes the pipe shall have its answers.
type drained struct{ mcp.Transport }

func (d drained) Connect(ctx context.Context) (mcp.Connection, error) {
	c, err := d.Transport.Connect(ctx)
	return &drainedConn{Connection: c, open: map[jsonrpc.ID]bool{}, idle: make(chan struct{}), closed: make(chan struct{})}, err
}

// listening is a call that has its answer when its session ends: nobody waits for it.
const listening = "subscriptions/listen"

type drainedConn struct {
	mcp.Connection

	mu      sync.Mutex
	open    map[jsonrpc.ID]bool // calls without an answer; a second one by the same id gets none
	writing int                 // answers that are on their way
	ended   bool                // there is no more input
	idle    chan struct{}       // closed once all three say so

	rest, once sync.Once // close idle and closed
	closed     chan struct{}
}

func (c *drainedConn) Read(ctx context.Context) (jsonrpc.Message, error) {
	m, err := c.Connection.Read(ctx)
	if r, ok := m.(*jsonrpc.Request); ok && r.IsCall() && r.Method != listening {
		c.note(func() { c.open[r.ID] = true })
	}
	if !errors.Is(err, io.EOF) {
		return m, err
	}
	c.note(func() { c.ended = true })
	select {
	case <-c.idle:
	case <-c.closed:
	case <-ctx.Done():
	}
	return m, err
}

func (c *drainedConn) Write(ctx context.Context, m jsonrpc.Message) error {
	r, answers := m.(*jsonrpc.Response)
	if answers {
		c.note(func() { delete(c.open, r.ID); c.writing++ })
		defer c.note(func() { c.writing-- })
	}
	return c.Connection.Write(ctx, m)
}

func (c *drainedConn) note(what func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	what()
	if c.ended && len(c.open) == 0 && c.writing == 0 {
		c.rest.Do(func() { close(c.idle) })
	}
}

func (c *drainedConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Connection.Close()
}
