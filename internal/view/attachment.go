package view

import (
	"fmt"
	"strings"

	"andon/kanban"
)

// Attachment is a file kept with a card as scripts see it.
type Attachment struct {
	ID          int64         `json:"id"`
	TaskID      kanban.TaskID `json:"task_id"`
	Filename    string        `json:"filename"`
	ContentType *string       `json:"content_type"`
	Size        int64         `json:"size"`
	UploadedBy  *string       `json:"uploaded_by"`
	StoredPath  string        `json:"stored_path"`
	CreatedAt   int64         `json:"created_at"`
}

// NewAttachment shows a file.
func NewAttachment(a kanban.Attachment) Attachment {
	return Attachment{
		ID: a.ID, TaskID: a.Task, Filename: a.Name, ContentType: opt(a.ContentType), Size: a.Size,
		UploadedBy: opt(a.By), StoredPath: a.Path, CreatedAt: a.At.Unix(),
	}
}

// NewAttachments shows files; none is an empty array and not null.
func NewAttachments(list []kanban.Attachment) []Attachment {
	out := make([]Attachment, len(list))
	for i, a := range list {
		out[i] = NewAttachment(a)
	}
	return out
}

// AttachmentTable shows files to a person, each with its path on a line of its
// own.
func AttachmentTable(list []kanban.Attachment) string {
	var b strings.Builder
	for _, a := range list {
		fmt.Fprintf(&b, "%-5d %s  %d bytes", a.ID, Plain(a.Name), a.Size)
		if a.ContentType != "" {
			b.WriteString("  " + Plain(a.ContentType))
		}
		if a.By != "" {
			b.WriteString("  by " + Plain(a.By))
		}
		fmt.Fprintf(&b, "\n      %s\n", Plain(a.Path))
	}
	return b.String()
}
