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
	return &drainedConn{Connection: c, idle: make(chan struct{}), closed: make(chan struct{})}, err
}

type drainedConn struct {
	mcp.Connection

	mu    sync.Mutex
	open  int           // calls without an answer
	ended bool          // there is no more input
	idle  chan struct{} // closed once both say so

	once   sync.Once
	closed chan struct{}
}

func (c *drainedConn) Read(ctx context.Context) (jsonrpc.Message, error) {
	m, err := c.Connection.Read(ctx)
	if r, ok := m.(*jsonrpc.Request); ok && r.IsCall() {
		c.count(1, false)
	}
	if !errors.Is(err, io.EOF) {
		return m, err
	}
	c.count(0, true)
	select {
	case <-c.idle:
	case <-c.closed:
	case <-ctx.Done():
	}
	return m, err
}

func (c *drainedConn) Write(ctx context.Context, m jsonrpc.Message) error {
	err := c.Connection.Write(ctx, m)
	if _, ok := m.(*jsonrpc.Response); ok {
		c.count(-1, false)
	}
	return err
}

func (c *drainedConn) count(calls int, ended bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.ended && c.open <= 0
	c.open += calls
	c.ended = c.ended || ended
	if !was && c.ended && c.open <= 0 {
		close(c.idle)
	}
}

func (c *drainedConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Connection.Close()
}
