package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/home"
	"andon/internal/mcp"
	"andon/internal/view"
	"andon/kanban"
)

// servePort is where agents look for the server if nobody says otherwise.
const servePort = "127.0.0.1:4646"

func newServe(a *app) *cobra.Command {
	o := &serve{run: run{app: a}}
	cmd := verb(words{
		use: "serve", group: "work",
		short: "dispatch, and serve the boards to agents (MCP over HTTP), until stopped",
		long: `Do what "andon run" does, and serve the boards by the Model Context Protocol over
streamable HTTP: the one that is meant at /mcp, each of the home at /mcp/SLUG. See
docs/mcp.md for how an agent is told of it, and "andon mcp" for what a session may do.

Every request needs a token, as "Authorization: Bearer TOKEN". The owner's is in
serve.token in the home, which only the owner can read; it is made when it is first
needed, and who has it may do all that the tools offer, or with --read-only only look.
A worker's is the ANDON_TOKEN that its run was given: it is good at the board of that
run alone, and until the run is over. /healthz answers "ok" to all.

It listens on this machine only, unless --listen-anywhere says otherwise; what it is
asked under another machine's name, or by a page in a browser that came from elsewhere,
it refuses. It does not encrypt: where others can listen, put a proxy with TLS before
it, whose name is given by --name.

Stopping it ends the sessions, after what was asked has been answered or 5 seconds,
and loses nothing: workers go on. Without a port in --listen (127.0.0.1:0), the
system chooses one.`,
		example: `  andon serve
  andon serve --listen 127.0.0.1:0 --json | jq -r --unbuffered '.serving // empty'
  andon serve --listen 0.0.0.0:4646 --listen-anywhere --name board.example
  claude mcp add --transport http andon http://127.0.0.1:4646/mcp \
    --header "Authorization: Bearer $(cat ~/.andon/serve.token)"`,
		exits: "another dispatcher serves this home, the address is taken, or no board can be opened",
	}, noWords, o.serve)
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", servePort, "address to serve at")
	f.BoolVar(&o.everywhere, "listen-anywhere", false, "let --listen be an address that other hosts can reach")
	f.StringSliceVar(&o.names, "name", nil, "a host name by which it is reached, beside localhost (may be given again)")
	f.BoolVar(&o.readOnly, "read-only", false, "let the owner's token only look, too")
	o.flags(f)
	return cmd
}

type serve struct {
	run
	listen     string
	everywhere bool
	names      []string
	readOnly   bool
}

func (o *serve) serve(ctx context.Context, _ []string) error {
	if o.own() != "" || o.Env("ANDON_TOKEN") != "" {
		return &kanban.Error{Code: kanban.Denied, Msg: "serve: that is not for workers, and this is one (ANDON_TASK or ANDON_TOKEN is set)"}
	}
	if err := o.understand(); err != nil {
		return err
	}
	if err := parseListen("listen", o.listen, servePort, o.everywhere); err != nil {
		return err
	}
	for i, name := range o.names {
		if o.names[i] = strings.ToLower(strings.TrimSpace(name)); o.names[i] == "" || strings.ContainsAny(name, ":/ ") {
			return usagef("--name %q: give the name of a host alone, such as board.example", name)
		}
	}
	// Before anything else: who cannot be reached should not take the dispatcher's place.
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return &kanban.Error{Code: kanban.Denied, Err: err, Msg: fmt.Sprintf("serve at %s: %v", o.listen, err), Hint: "give a free port with --listen"}
	}
	defer listener.Close() // again, as a rule
	release, err := o.begin(ctx)
	if err != nil || release == nil {
		return err
	}
	defer release()
	h := o.fleet.home
	word, err := h.ServeToken(ctx)
	if err != nil {
		return err
	}
	office := newOffice(o.fleet, word, o.readOnly)
	http := mcp.HTTP{Know: office.know, Names: o.names, Anywhere: o.everywhere, Warn: func(err error) { o.warn("%v", err) }}
	o.tell("http://"+listener.Addr().String()+"/mcp", h)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	served := make(chan error, 1)
	go func() {
		err := http.Serve(ctx, listener)
		cancel() // neither goes on without the other
		served <- err
	}()
	err = o.dispatch(ctx)
	cancel()
	return errors.Join(err, <-served)
}

// served is the first line of what is printed as JSON.
type served struct {
	Serving string `json:"serving"`
	Token   string `json:"token_file"`
}

// tell says where agents find the server.
func (o *serve) tell(address string, h home.Home) {
	if o.json {
		_ = view.JSONLine(o.Out, served{address, h.ServeTokenFile()}) // nobody left to tell: the work goes on
		return
	}
	o.printf("serving %s; the owner's token is in %s\n", address, h.ServeTokenFile())
}
