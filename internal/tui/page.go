package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"andon/kanban"
)

// page is a text that fills the screen and scrolls: an opened card, a log, the
// help.
type page struct {
	title  string
	card   kanban.TaskID // whose it is; empty: no card's
	task   kanban.Task   // the card as it was read last
	hints  []hint
	text   func(m *model, w int) []string // lines that fit the width
	reload func() tea.Cmd                 // reads it anew; nil if nothing can change it

	lines []string // text at width
	width int
	top   int
	last  bool // stay at the end as the text grows
	log   *tailed
}

// draw is the page on so many lines, of which the first is its title.
func (p *page) draw(m *model, w, height int) []string {
	if p.width != w || p.lines == nil {
		p.lines, p.width = p.text(m, w-4), w
	}
	p.scroll(0, height-2)
	shown := p.lines[p.top:min(len(p.lines), p.top+height-2)]
	where := ""
	if len(p.lines) > height-2 {
		where = fmt.Sprintf(" %d–%d of %d ", p.top+1, p.top+len(shown), len(p.lines))
	}
	title := m.cut(p.title, w-4-m.wide(where))
	out := []string{" " + m.ends(m.look.bold.Render(title), m.look.faint.Render(where), w-2),
		" " + m.look.faint.Render(strings.Repeat("─", w-2))}
	for _, l := range shown {
		out = append(out, m.fit("  "+l, w))
	}
	for len(out) < height {
		out = append(out, "")
	}
	return out
}

// scroll moves the text by so many lines.
func (p *page) scroll(by, height int) {
	end := max(0, len(p.lines)-height)
	if by < 0 {
		p.last = false
	}
	if p.last {
		p.top = end
	}
	p.top = max(0, min(p.top+by, end))
}

// renew has the text made again before it is drawn.
func (p *page) renew() { p.lines = nil }

// push shows a page over the others.
func (m *model) push(p *page) { m.pages, m.note = append(m.pages, p), "" }

// pop leaves the uppermost page.
func (m *model) pop() {
	if p := m.page(); p != nil {
		p.log.close()
		m.pages = m.pages[:len(m.pages)-1]
	}
}

func (m *model) pageHeight() int { return m.height - 5 }

// turn scrolls the page, if the key is one for that.
func (m *model) turn(p *page, key string) bool {
	h := m.pageHeight()
	switch key {
	case "up", "k":
		p.scroll(-1, h)
	case "down", "j":
		p.scroll(1, h)
	case "pgup", "ctrl+b":
		p.scroll(1-h, h)
	case "pgdown", "ctrl+f", "space":
		p.scroll(h-1, h)
	case "ctrl+u":
		p.scroll(-h/2, h)
	case "ctrl+d":
		p.scroll(h/2, h)
	case "home", "g":
		p.scroll(-len(p.lines), h)
	case "end", "G":
		p.last = p.log != nil
		p.scroll(len(p.lines), h)
	default:
		return false
	}
	return true
}
