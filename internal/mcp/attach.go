package mcp

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"strings"

	"andon/internal/attach"
	"andon/internal/netguard"
	"andon/internal/view"
	"andon/kanban"
)

// attachTools are about the files kept with cards.
func attachTools() []tool {
	return []tool{
		{
			name: "kanban_attach", verb: kanban.VerbAttach, do: (*call).attach, result: attached{},
			about: "Keep a file with a card, of at most 25 MiB. Where the card has a file of that name already, the new one gets a number.",
			params: []param{
				{name: "task_id", about: "id of the card; a worker may leave out its own"},
				{name: "filename", required: true, max: maxName, about: "what the file is called"},
				{name: "content_base64", required: true, about: "what it contains, in base64"},
				{name: "content_type", about: "its media type, such as text/plain"},
			},
		},
		{
			name: "kanban_attach_url", verb: kanban.VerbAttach, do: (*call).attachURL, result: attached{}, web: true,
			about: "Fetch a file over http or https from the public internet, and keep it with a card.",
			params: []param{
				{name: "task_id", about: "id of the card; a worker may leave out its own"},
				{name: "url", required: true, max: maxURL, about: "its address"},
				{name: "filename", max: maxName, about: "what it is called; by default as its address or its server calls it"},
				{name: "content_type", about: "its media type; by default the server's word"},
			},
		},
		{
			name: "kanban_attachments", reads: true, do: (*call).attachments, result: files{},
			about:  "List the files kept with a card, with the paths at which they lie.",
			params: []param{{name: "task_id", about: "id of the card; a worker may leave out its own"}},
		},
	}
}

type attached struct {
	done
	Attachment int64 `json:"attachment_id"`
	Size       int64 `json:"size"`
}

type files struct {
	done
	Attachments []view.Attachment `json:"attachments"`
}

func (c *call) attach(ctx context.Context) (any, error) {
	content := c.text("content_base64")
	if strings.ContainsAny(content, "\r\n") { // which the decoder would pass over
		return nil, kanban.Invalidf("content_base64 contains line breaks; give it on one line")
	}
	if base64.StdEncoding.DecodedLen(len(content)) > kanban.MaxAttachment+3 {
		return nil, kanban.TooLarge(kanban.TitleOf(c.text("filename")))
	}
	decoded := base64.NewDecoder(base64.StdEncoding.Strict(), strings.NewReader(content))
	data, err := io.ReadAll(decoded)
	if err != nil {
		return nil, kanban.Invalidf("content_base64 is not base64: %v", err)
	}
	return c.keep(ctx, c.text("filename"), c.text("content_type"), strings.NewReader(string(data)))
}

func (c *call) attachURL(ctx context.Context) (any, error) {
	id, err := c.card()
	if err != nil {
		return nil, err
	}
	from, err := netguard.Parse(c.text("url"))
	if err != nil {
		return nil, kanban.Invalidf("url: %v", err)
	}
	name, kind := c.text("filename"), c.text("content_type")
	if c.has("filename") {
		if _, err := kanban.AttachmentName(name); err != nil {
			return nil, err
		}
	}
	if _, err := c.Desk.Task(ctx, id); err != nil { // before anything is fetched for it
		return nil, err
	}
	got, err := c.Web.Get(ctx, from, kanban.MaxAttachment)
	if err != nil {
		return nil, &kanban.Error{Code: kanban.Denied, Err: err, Msg: fmt.Sprintf("fetch %s: %v", netguard.Plain(from), err)}
	}
	defer got.Body.Close()
	if name == "" {
		name = got.Name
		if _, err := kanban.AttachmentName(name); err != nil {
			name = "download" // the server's word for it is none
		}
	}
	if kind == "" {
		kind = got.ContentType
	}
	return c.keep(ctx, name, kind, got.Body)
}

// keep keeps what r gives. The uploader is whoever speaks.
func (c *call) keep(ctx context.Context, name, kind string, r io.Reader) (any, error) {
	id, err := c.card()
	if err != nil {
		return nil, err
	}
	if kind != "" {
		if media, _, err := mime.ParseMediaType(kind); err != nil || !strings.Contains(media, "/") {
			return nil, kanban.Invalidf("content_type %q is no media type such as text/plain", kanban.TitleOf(kind))
		}
	} else {
		kind = attach.TypeOf(name)
	}
	kept, err := c.Files.Add(ctx, c.Board, id, attach.New{Name: name, ContentType: kind, By: c.Author, Run: c.run(id)}, r)
	if err != nil {
		return nil, err
	}
	return attached{done{true, id}, kept.ID, kept.Size}, nil
}

func (c *call) attachments(ctx context.Context) (any, error) {
	id, err := c.card()
	if err != nil {
		return nil, err
	}
	list, err := c.Attachments(ctx, id)
	if err != nil {
		return nil, err
	}
	return files{done{true, id}, view.NewAttachments(list)}, nil
}
