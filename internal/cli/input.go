package cli

import (
	"context"
	"io"
)

// input is standard input for verbs that read what somebody types or sends. Ctrl-C
// ends the waiting for it, whoever holds the other end: a signal that is caught
// does not end a read by itself.
type input struct {
	ctx  context.Context
	from io.Reader
}

func (r *input) Read(p []byte) (int, error) {
	type result struct {
		data []byte
		err  error
	}
	read := make(chan result, 1)
	// Nobody can end it, so nobody waits for it after Ctrl-C: it goes with the process.
	// It has room of its own, since p is the caller's again then.
	go func() {
		room := make([]byte, len(p))
		n, err := r.from.Read(room)
		read <- result{room[:n], err}
	}()
	select {
	case got := <-read:
		return copy(p, got.data), got.err
	case <-r.ctx.Done():
		return 0, context.Cause(r.ctx)
	}
}
