package tui

import (
	tea "charm.land/bubbletea/v2"
)

// menu offers some things to do; each has a letter of its own.
type menu struct {
	title string
	intro []string
	items []item
	at    int
	y     int // where the first item is drawn, for the mouse
}

type item struct {
	key, what, more string
	do              func() tea.Cmd // called when the menu is closed already
}

func (b *menu) key(m *model, k tea.KeyPressMsg) tea.Cmd {
	switch key := k.String(); key {
	case "esc", "q":
		m.box = nil
	case "up", "shift+tab":
		b.at = (b.at + len(b.items) - 1) % len(b.items)
	case "down", "tab":
		b.at = (b.at + 1) % len(b.items)
	case "home":
		b.at = 0
	case "end":
		b.at = len(b.items) - 1
	case "enter", "space":
		return b.choose(m, b.at)
	default:
		for i, it := range b.items {
			if it.key == key {
				return b.choose(m, i)
			}
		}
	}
	return nil
}

func (b *menu) choose(m *model, i int) tea.Cmd {
	m.box = nil
	return b.items[i].do()
}

func (*menu) hints() []hint { return menuHints }

func (b *menu) draw(m *model, width, height int) []string {
	w := min(64, width-2)
	in := w - 4
	var lines []string
	for _, s := range b.intro {
		lines = append(lines, m.wrap(s, in, 3)...)
	}
	if len(b.intro) > 0 {
		lines = append(lines, "")
	}
	room := max(1, height-2-len(lines))
	top := max(0, min(b.at-room/2, len(b.items)-room))
	b.y = len(lines) + 1 - top
	what := 0
	for _, it := range b.items {
		what = max(what, m.wide(it.what)+2)
	}
	what = min(what, in-4)
	for i := top; i < min(len(b.items), top+room); i++ {
		it := b.items[i]
		if i == b.at {
			lines = append(lines, m.look.chosen.Render(m.fit(" "+m.fit(it.key, 3)+m.fit(it.what, what)+it.more, in)))
			continue
		}
		lines = append(lines, " "+m.look.accent.Render(m.fit(it.key, 3))+m.fit(it.what, what)+m.look.faint.Render(m.cut(it.more, in-what-4)))
	}
	return m.frame(b.title, lines, "", w)
}

// confirm asks before something that cannot be taken back.
func confirm(title string, intro []string, yes string, do func() tea.Cmd) *menu {
	return &menu{title: title, intro: intro, items: []item{
		{key: "n", what: "no, leave it", do: func() tea.Cmd { return nil }},
		{key: "y", what: yes, do: do},
	}}
}
