package tui

import (
	"flag"
	"fmt"
	"html"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"andon/internal/board"
	"andon/internal/store"
	"andon/kanban"
)

var update = flag.Bool("update", false, "write the picture of the board anew")

// The picture in the documents is what a terminal shows of a board with these
// cards, cell by cell.
func TestPicture(t *testing.T) {
	d := newDrive(t, 120, 24, nil)
	scene(t, d.db, d.m.seat.Board)
	d.until("the scene", func() bool { return d.m.counts[kanban.Done] == 4 && !d.m.missing() })
	for d.m.column().status != kanban.Blocked {
		d.press("right")
	}
	screen := vt.NewEmulator(120, 24)
	defer screen.Close()
	if _, err := screen.WriteString(strings.ReplaceAll(d.m.View().Content, "\n", "\r\n")); err != nil {
		t.Fatal(err)
	}
	got := svg(screen)
	file := filepath.Join("..", "..", "docs", "board.svg")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s shows another board than this one; `go test ./internal/tui -run TestPicture -update` draws it anew:\n%s", file, screen)
	}
}

// scene is a board in the midst of work. Its ids and hours are given, so that the
// picture is the same each time.
func scene(t *testing.T, db *store.DB, b *board.Board) {
	t.Helper()
	ctx := t.Context()
	n := 0
	add := func(s kanban.Status, title, who string, priority int64, more ...func(*kanban.Task)) {
		n++
		id := kanban.TaskID(fmt.Sprintf("t_%08x", 0x1a2b3c00+n*7919))
		err := db.Update(ctx, func(tx *store.Tx) error {
			at := morning.Add(time.Duration(n) * time.Minute)
			c, err := kanban.Create(id, kanban.Draft{Title: title, Assignee: who, Priority: priority, CreatedBy: "user", WorkspaceKind: kanban.Scratch,
				Triage: s == kanban.Triage}, nil, at)
			if err == nil {
				err = tx.Apply(ctx, &c)
			}
			if err != nil {
				return err
			}
			task := c.Task
			switch s {
			case kanban.Running:
				c, err = task.Claim(kanban.Claimant{Lock: "here:1"}, nil, nil, at)
			case kanban.Blocked:
				c, err = task.Block(kanban.Block{Kind: kanban.NeedsInput, Reason: "which?", Author: who}, nil, nil, at)
			case kanban.Review:
				c, err = task.RequestReview(kanban.ReviewRequest{}, nil, at)
			case kanban.Done:
				c, err = task.Complete(kanban.Report{}, nil, kanban.Witness{}, at)
			case kanban.Scheduled:
				c, err = task.Schedule(kanban.Schedule{At: at.Add(3 * time.Hour)}, nil, at)
			default:
				return nil
			}
			if err != nil {
				return err
			}
			return tx.Apply(ctx, &c)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	add(kanban.Triage, "Customers ask for invoices in their own language", "", 0)
	add(kanban.Triage, "An idea for the spring campaign 🌱", "", 0)
	add(kanban.Ready, "Move the customer table to its new shape", "coder", 5)
	add(kanban.Ready, "Write the release notes", "writer", 3)
	add(kanban.Ready, "Update the dependencies", "coder", 0)
	add(kanban.Scheduled, "Send the weekly numbers", "analyst", 0)
	add(kanban.Running, "Find out why the importer grows by the hour", "coder", 4)
	add(kanban.Running, "Draft an answer to the auditors", "writer", 2)
	add(kanban.Running, "発注書のレビュー", "analyst", 0)
	add(kanban.Blocked, "Bake the birthday cake", "baker", 2)
	add(kanban.Blocked, "Order the new servers", "ada", 0)
	add(kanban.Review, "Fix the login test that fails now and then", "coder", 1)
	add(kanban.Done, "Rename the billing service", "coder", 0)
	add(kanban.Done, "Measure the cold start", "analyst", 0)
	add(kanban.Done, "Translate the handbook", "writer", 0)
	add(kanban.Done, "Sort the inbox", "writer", 0)
}

// svg draws what the terminal shows.
func svg(screen *vt.Emulator) string {
	const cw, ch, pad = 8.4, 18, 12
	w, h := screen.Width(), screen.Height()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" font-family="ui-monospace,Menlo,Consolas,DejaVu Sans Mono,monospace" font-size="14">`+"\n",
		float64(w)*cw+2*pad, h*ch+2*pad)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="6" fill="%s"/>`+"\n", ground)
	for y := range h {
		for x := 0; x < w; {
			cell := screen.CellAt(x, y)
			if cell == nil || cell.Width == 0 {
				x++
				continue
			}
			// Cells of one style are one text; its length is given, for fonts differ.
			text, n := cell.Content, cell.Width
			for x+n < w && cell.Width == 1 {
				next := screen.CellAt(x+n, y)
				if next == nil || next.Width != 1 || !next.Style.Equal(&cell.Style) {
					break
				}
				text += next.Content
				n++
			}
			fg, bg, extra := inks(cell.Style)
			if bg != ground {
				fmt.Fprintf(&b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", pad+float64(x)*cw, pad+y*ch, float64(n)*cw, ch, bg)
			}
			if strings.TrimSpace(text) != "" {
				lead := len(text) - len(strings.TrimLeft(text, " "))
				text = strings.TrimSpace(text)
				shown := ansi.StringWidth(text)
				fmt.Fprintf(&b, `<text x="%.1f" y="%d" textLength="%.1f" fill="%s"%s xml:space="preserve">%s</text>`+"\n",
					pad+float64(x+lead)*cw, pad+y*ch+14, float64(shown)*cw, fg, extra, html.EscapeString(text))
			}
			x += n
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

const ground, ink = "#1b1d23", "#d7dae0"

func inks(s uv.Style) (fg, bg, extra string) {
	fg, bg = hex(s.Fg, ink), hex(s.Bg, ground)
	if s.Attrs&uv.AttrReverse != 0 {
		fg, bg = bg, fg
	}
	if s.Attrs&uv.AttrBold != 0 {
		extra += ` font-weight="bold"`
	}
	if s.Attrs&uv.AttrFaint != 0 {
		extra += ` opacity="0.6"`
	}
	return fg, bg, extra
}

// hex is one of the sixteen colours as a terminal with a dark ground shows it.
func hex(c color.Color, otherwise string) string {
	basic, ok := c.(ansi.BasicColor)
	if !ok {
		return otherwise
	}
	return []string{"#3a3f4b", "#e8737a", "#93c47d", "#e0b863", "#6fa8f0", "#c792ea", "#5fc9d3", "#d7dae0",
		"#7f8695", "#ff8b92", "#a8d895", "#f2d58b", "#8fc1ff", "#ddb3ff", "#86e3eb", "#ffffff"}[basic&15]
}
