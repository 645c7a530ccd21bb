package tui

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// form asks for some words and does something with them. It stays, with what was
// written, until that is done: a refusal costs nobody their text.
type form struct {
	title  string
	intro  []string // what it is about
	fields []*field
	at     int // the field that is written in
	submit func([]string) tea.Cmd

	busy  bool // the board is being asked
	asked bool // esc was pressed, and there is text that would be lost
	first []string
}

func newForm(title string, submit func([]string) tea.Cmd, fields ...*field) *form {
	f := &form{title: title, fields: fields, submit: submit}
	f.first = f.values()
	return f
}

func (f *form) values() (all []string) {
	for _, x := range f.fields {
		all = append(all, x.text())
	}
	return all
}

func (f *form) key(m *model, k tea.KeyPressMsg) tea.Cmd {
	if f.busy { // only leaving is possible; what was begun is brought to its end
		if k.String() == "esc" {
			m.box = nil
		}
		return nil
	}
	key := k.String()
	if key != "esc" {
		f.asked = false
	}
	field := f.fields[f.at]
	switch {
	case key == "esc":
		if !f.asked && !slices.Equal(f.values(), f.first) {
			f.asked = true
			m.refuse(fmt.Errorf("esc once more discards what was written"))
			return nil
		}
		m.box, m.note = nil, ""
		return nil
	case key == "ctrl+s", key == "enter" && field.lines == 0 && f.at == len(f.fields)-1:
		f.busy, m.note = true, ""
		return f.asking(f.submit(f.values()))
	case key == "ctrl+e" && field.lines > 0:
		return m.edit(f)
	case key == "ctrl+e" && field.options == nil:
		field.pos = len(field.runes)
		return nil
	case field.key(k):
		return nil
	case key == "tab", key == "down", key == "enter":
		f.at = (f.at + 1) % len(f.fields)
	case key == "shift+tab", key == "up":
		f.at = (f.at + len(f.fields) - 1) % len(f.fields)
	}
	return nil
}

// asking marks the answer of a command as this form's: it may have been left, and
// another one opened, before that comes.
func (f *form) asking(cmd tea.Cmd) tea.Cmd {
	return func() tea.Msg {
		msg := cmd()
		if did, ok := msg.(didMsg); ok {
			did.form = f
			return did
		}
		return msg
	}
}

func (*form) hints() []hint { return formHints }

func (f *form) draw(m *model, width, height int) []string {
	w := min(76, width-2)
	in := w - 4
	var lines []string
	for _, s := range f.intro {
		for _, l := range m.wrap(s, in, 2) {
			lines = append(lines, m.look.faint.Render(l))
		}
	}
	if len(f.intro) > 0 {
		lines = append(lines, "")
	}
	// Areas share what is left of a low screen.
	spare := height - 2 - len(lines)
	areas := 0
	for _, x := range f.fields {
		if x.lines > 0 {
			areas++
			spare--
		} else {
			spare--
		}
	}
	label := 0
	for _, x := range f.fields {
		if x.lines == 0 {
			label = max(label, m.wide(x.label)+2)
		}
	}
	for i, x := range f.fields {
		focus := i == f.at && !f.busy
		name := m.look.faint.Render(x.label)
		if focus {
			name = m.look.accent.Render(x.label)
		}
		if x.lines == 0 {
			lines = append(lines, m.fit(name, label)+x.line(m, in-label, focus))
			continue
		}
		x.lines = max(2, min(8, spare/max(1, areas)))
		lines = append(lines, name)
		lines = append(lines, x.area(m, in, focus)...)
	}
	foot := ""
	if f.busy {
		foot = "asking the board…"
	}
	return m.frame(f.title, lines, foot, w)
}

// editedMsg brings back what an editor made of a field.
type editedMsg struct {
	form  *form
	field int
	text  string
	err   error
}

// edit hands the field over to the user's editor.
func (m *model) edit(f *form) tea.Cmd {
	if m.Editor == nil {
		m.refuse(fmt.Errorf("no editor is known; set EDITOR to the command of one"))
		return nil
	}
	e := &editing{command: m.Editor, text: f.fields[f.at].text()}
	at := f.at
	return tea.Exec(e, func(err error) tea.Msg { return editedMsg{f, at, strings.TrimRight(e.text, "\n"), err} })
}

// editing is a run of an editor upon a file that exists only meanwhile.
type editing struct {
	command  []string
	text     string
	in       io.Reader
	out, err io.Writer
}

func (e *editing) SetStdin(r io.Reader)  { e.in = r }
func (e *editing) SetStdout(w io.Writer) { e.out = w }
func (e *editing) SetStderr(w io.Writer) { e.err = w }

func (e *editing) Run() error {
	file, err := os.CreateTemp("", "andon-*.md")
	if err != nil {
		return fmt.Errorf("make a file for the editor: %w", err)
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(e.text)
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fmt.Errorf("write a file for the editor: %w", err)
	}
	cmd := exec.Command(e.command[0], append(slices.Clone(e.command[1:]), file.Name())...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = e.in, e.out, e.err
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("the editor %s ended with: %w; the text is as it was", e.command[0], err)
	}
	text, err := os.ReadFile(file.Name())
	if err != nil {
		return fmt.Errorf("read what the editor left: %w", err)
	}
	e.text = string(text)
	return nil
}
