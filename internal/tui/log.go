package tui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	tea "charm.land/bubbletea/v2"

	"andon/internal/view"
	"andon/kanban"
)

// logKept is how much of the end of a log is held and shown.
const logKept = 256 << 10

// logLook is how often a log on the screen is looked at.
const logLook = 200 * time.Millisecond

// tailed is the end of a worker's log, which grows.
type tailed struct {
	file io.ReadSeekCloser
	text []byte
	shut bool // the page is gone; whoever reads closes the file
	busy bool
}

// loggedMsg brings what was added to a log.
type loggedMsg struct {
	page *page
	file io.ReadSeekCloser
	more []byte
	err  error
}

// openLog shows the end of what the workers of a card have written, and what is
// added to it.
func (m *model) openLog(t kanban.Task) tea.Cmd {
	p := &page{title: "Log: " + plain(t.Title), card: t.ID, task: t, hints: logHints, last: true, log: &tailed{}}
	p.text = func(m *model, w int) []string {
		if len(p.log.text) == 0 {
			return []string{m.look.faint.Render("nothing is written yet")}
		}
		return m.prose(string(p.log.text), w)
	}
	m.push(p)
	return m.readLog(p)
}

// readLog reads what a log has more than was read. Where there is none yet, one
// may come.
func (m *model) readLog(p *page) tea.Cmd {
	s, log, id := m.seat, p.log, p.card
	log.busy = true
	file := log.file
	return s.read(func(context.Context) tea.Msg {
		if file == nil {
			f, err := s.Log(id)
			if errors.Is(err, fs.ErrNotExist) {
				return loggedMsg{page: p}
			}
			if err != nil {
				return loggedMsg{page: p, err: fmt.Errorf("read the log of %s: %w", id, err)}
			}
			file = f
			if _, err := file.Seek(-logKept, io.SeekEnd); err != nil { // it is shorter
				_, err = file.Seek(0, io.SeekStart)
				if err != nil {
					return loggedMsg{page: p, file: file, err: err}
				}
			}
		}
		if err := view.Anew(file); err != nil {
			return loggedMsg{page: p, file: file, err: err}
		}
		more, err := io.ReadAll(io.LimitReader(file, logKept))
		return loggedMsg{p, file, more, err}
	})
}

func (m *model) logged(msg loggedMsg) tea.Cmd {
	log := msg.page.log
	log.busy, log.file = false, msg.file
	if log.shut {
		log.close()
		return nil
	}
	if msg.err != nil {
		m.refuse(msg.err)
	}
	if len(msg.more) > 0 {
		log.text = append(log.text, msg.more...)
		if over := len(log.text) - logKept; over > 0 {
			log.text = log.text[over:]
			if i := bytes.IndexByte(log.text, '\n'); i >= 0 {
				log.text = log.text[i+1:]
			}
		}
		msg.page.renew()
	}
	return tea.Tick(logLook, func(time.Time) tea.Msg { return lookMsg{msg.page} })
}

// lookMsg says that a log may have grown.
type lookMsg struct{ page *page }

// close gives the file back, now or when it is not read any more.
func (l *tailed) close() {
	if l == nil {
		return
	}
	l.shut = true
	if !l.busy && l.file != nil {
		l.file.Close()
		l.file = nil
	}
}
