package cli

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/attach"
	"andon/internal/netguard"
	"andon/internal/view"
	"andon/kanban"
)

func newAttach(a *app) *cobra.Command {
	o := &attachVerb{app: a}
	cmd := verb(words{
		use: "attach [ID] PATH", group: "cards",
		short: "keep a file with a card",
		long: `Keep a copy of a file with a card, of at most 25 MiB. Its worker is told where it
lies, and it stays when the workspace goes. PATH is a file, or - for standard
input; --url fetches it instead, over http or https and from the public internet
only. Where the card has a file of that name already, the new one gets a number.
Inside a worker the id may be left out.`,
		example: `  andon attach t_1a2b3c4d letter.pdf
  andon attach report.html                        inside a worker
  make report | andon attach t_1a2b3c4d - --name report.txt
  andon attach t_1a2b3c4d --url https://example.org/data.csv`,
		exits: "no such card or file, it is too large, or its address is refused",
	}, cobra.MaximumNArgs(2), o.run)
	f := cmd.Flags()
	f.StringVar(&o.name, "name", "", "what the file is called (default: as it is called where it comes from)")
	f.StringVar(&o.contentType, "content-type", "", "its media type (default: guessed from the name, or the server's)")
	f.StringVar(&o.author, "author", "", "who attaches it (default: the profile, else user)")
	f.StringVar(&o.url, "url", "", "fetch the file from the web, instead of PATH")
	o.changed = f.Changed
	return cmd
}

type attachVerb struct {
	*app
	name, contentType, author, url string
	changed                        func(flag string) bool
}

func (o *attachVerb) run(ctx context.Context, args []string) error {
	id, rest, err := o.card(args)
	if err != nil {
		return err
	}
	var from *url.URL
	switch {
	case o.changed("url") && len(rest) > 0:
		return usagef("attach to %s: name a file or --url, and not both", id)
	case o.changed("url"):
		if from, err = netguard.Parse(o.url); err != nil {
			return usagef("--url: %v", err)
		}
	case len(rest) != 1 || rest[0] == "":
		return usagef("attach to %s: which file? name its path, - for standard input, or --url", id)
	case rest[0] == "-" && !o.changed("name"):
		return usagef("attach to %s: what is on standard input has no name; give it one with --name", id)
	}
	if o.changed("content-type") {
		if kind, _, err := mime.ParseMediaType(o.contentType); err != nil || !strings.Contains(kind, "/") {
			return usagef("--content-type %q: it must be a media type such as text/plain", o.contentType)
		}
	}
	n := attach.New{Name: o.name, ContentType: o.contentType}
	if o.changed("name") {
		if _, err := kanban.AttachmentName(o.name); err != nil {
			return usagef("--name %q: nothing is left of it as the name of a file", o.name)
		}
	}
	if n.Run, err = o.pin(id); err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		if n.By, err = o.speaker(ctx, s); err != nil {
			return err
		}
		switch {
		case o.author == "" || o.author == n.By:
		case o.own() != "":
			o.warn("--author %s is not heeded: inside a worker it is %s", o.author, n.By)
		default:
			n.By = o.author
		}
		if _, err := s.Task(ctx, id); err != nil { // before anything is fetched for it
			return err
		}
		if s.db.Deny != nil {
			return s.db.Deny
		}
		r, err := o.source(ctx, s, rest, from, &n)
		if err != nil {
			return err
		}
		defer r.Close()
		kept, err := s.files.Add(ctx, s.Board, id, n, r)
		if err != nil {
			return err
		}
		if o.json {
			return view.JSON(o.Out, view.NewAttachment(kept))
		}
		o.printf("Attached %s to %s as %d (%d bytes)\n", view.Plain(kept.Name), id, kept.ID, kept.Size)
		return nil
	})
}

// source opens what is to be kept, and says of n what is not said yet.
func (o *attachVerb) source(ctx context.Context, s *session, rest []string, from *url.URL, n *attach.New) (io.ReadCloser, error) {
	name, kind := "", ""
	var r io.ReadCloser
	switch {
	case from != nil:
		found, err := o.Web.Get(ctx, from, kanban.MaxAttachment)
		if err != nil {
			return nil, &kanban.Error{Code: kanban.Denied, Err: err, Msg: fmt.Sprintf("fetch %s: %v", netguard.Plain(from), err)}
		}
		if name, kind, r = found.Name, found.ContentType, found.Body; name == "" {
			name = "download"
		}
	case rest[0] == "-":
		r = io.NopCloser(o.input)
	default:
		file, err := s.files.Source(rest[0])
		if err != nil {
			return nil, err
		}
		name, r = filepath.Base(rest[0]), file
	}
	if n.Name == "" {
		n.Name = name
		if _, err := kanban.AttachmentName(name); err != nil && from != nil {
			n.Name = "download" // the server's word for it is none
		}
	}
	if n.ContentType == "" {
		if n.ContentType = kind; kind == "" {
			n.ContentType = attach.TypeOf(n.Name)
		}
	}
	return r, nil
}
