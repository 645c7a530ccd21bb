package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"andon/internal/store"
	"andon/internal/view"
	"andon/kanban"
)

func newLog(a *app) *cobra.Command {
	o := &logs{app: a}
	cmd := verb(words{
		use: "log [ID]", group: "look",
		short: "print what the workers of a card have written",
		long: `Print what the workers of a card have written to their output, as it is, all
attempts one after the other; on a terminal with their colours (unless NO_COLOR is
set), and without anything else that would steer it. Inside a worker the id may be
left out.

With --tail only the end is printed, from the start of a line. With --follow it
goes on as the file grows, until the run that is open has ended, or Ctrl-C.`,
		example: `  andon log t_1a2b3c4d
  andon log t_1a2b3c4d --tail 4096
  andon log t_1a2b3c4d --follow`,
		exits: "no such card, or it has no log",
	}, cobra.MaximumNArgs(1), o.run)
	f := cmd.Flags()
	f.Int64Var(&o.tail, "tail", 0, "only the last so many bytes, without a line of which only a part is among them")
	f.BoolVar(&o.follow, "follow", false, "go on while the card is running")
	o.changed = f.Changed
	return cmd
}

type logs struct {
	*app
	tail    int64
	follow  bool
	changed func(flag string) bool
}

func (o *logs) run(ctx context.Context, args []string) (err error) {
	ids, err := o.ids(args)
	if err != nil {
		return err
	}
	switch {
	case o.changed("tail") && o.tail < 1:
		return usagef("--tail %d: it is a number of bytes, 1 or more", o.tail)
	case o.follow && o.json:
		return usagef("--follow and --json exclude each other: an object has an end")
	}
	id := ids[0]
	_, place, err := o.find()
	if err != nil {
		return err
	}
	file, err := openLog(place.Logs, id)
	if errors.Is(err, fs.ErrNotExist) {
		return o.absent(ctx, id, err)
	}
	if err != nil {
		return fmt.Errorf("read the log of %s: %w", id, err)
	}
	defer file.Close()
	size, err := o.seek(file)
	if err != nil {
		return fmt.Errorf("read the log of %s: %w", id, err)
	}
	switch {
	case o.json:
		text, err := io.ReadAll(file)
		if err != nil {
			return fmt.Errorf("read the log of %s: %w", id, err)
		}
		return view.JSON(o.Out, struct {
			ID   kanban.TaskID `json:"id"`
			Path string        `json:"path"`
			Size int64         `json:"size"`
			Text string        `json:"text"`
		}{id, file.Name(), size, string(text)})
	}
	if o.Terminal {
		screen := view.Screen(o.Out, o.style().Colour)
		defer func() { err = errors.Join(err, screen.Close()) }()
		o.Out = screen
	}
	if o.follow {
		return untilEnd(ctx, o.with(ctx, func(s *session) error { return o.grow(ctx, s, id, file) }))
	}
	_, err = io.Copy(o.Out, file)
	return err
}

// openLog opens the log of a card. An id is part of a file's name here, so one
// that would lead elsewhere is nobody's.
func openLog(folder string, id kanban.TaskID) (*os.File, error) {
	name := string(id) + ".log"
	if strings.ContainsAny(name, `/\`) || !filepath.IsLocal(name) {
		return nil, fs.ErrNotExist
	}
	return os.Open(filepath.Join(folder, name))
}

// absent tells why there is no log.
func (o *logs) absent(ctx context.Context, id kanban.TaskID, why error) error {
	return o.with(ctx, func(s *session) error {
		t, err := s.Task(ctx, id)
		if err != nil {
			return err
		}
		return &kanban.Error{Code: kanban.NotFound, Err: why,
			Msg:  fmt.Sprintf("card %s has no log: it is %s, and no worker of it has been started here", t.ID, t.Status),
			Hint: fmt.Sprintf("`andon runs %s` lists its attempts, and `andon show %s` tells what it waits for", t.ID, t.ID)}
	})
}

// seek puts the file where printing shall begin and returns the file's size.
func (o *logs) seek(file *os.File) (size int64, err error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	size = info.Size()
	if o.tail <= 0 || o.tail >= size {
		return size, nil
	}
	from := size - o.tail
	// From the byte before: if that ends a line, the first one is whole.
	window := bufio.NewReader(io.NewSectionReader(file, from-1, size-from+1))
	for skipped := int64(0); ; {
		part, err := window.ReadSlice('\n')
		skipped += int64(len(part))
		switch {
		case err == nil:
			_, err = file.Seek(from-1+skipped, io.SeekStart)
			return size, err
		case errors.Is(err, io.EOF): // one long line
			_, err = file.Seek(from, io.SeekStart)
			return size, err
		case !errors.Is(err, bufio.ErrBufferFull):
			return size, err
		}
	}
}

// growthLook is how often a followed log is looked at.
const growthLook = 200 * time.Millisecond

// grow prints the file as it grows, until the run that was open at the start is
// open no more. The state of the card is always read before the file, so that
// nothing written until then is left out.
func (o *logs) grow(ctx context.Context, s *session, id kanban.TaskID, file *os.File) error {
	head, err := s.Head(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	moved := make(chan error, 1)
	ended := make(chan struct{})
	defer func() {
		cancel()
		<-ended
	}()
	go func() {
		defer close(ended)
		for _, err := range s.Follow(ctx, head, store.EventFilter{Task: id}) {
			select {
			case moved <- err:
			case <-ctx.Done():
				return
			}
		}
	}()
	t, err := s.Task(ctx, id)
	if err != nil {
		return err
	}
	run := t.Run
	tick := time.NewTicker(growthLook)
	defer tick.Stop()
	for {
		if err := view.Anew(file); err != nil {
			return err
		}
		if _, err := io.Copy(o.Out, file); err != nil {
			return err
		}
		if run == 0 || t.Status != kanban.Running || t.Run != run {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case err := <-moved:
			if err != nil {
				return err
			}
			if t, err = s.Task(ctx, id); err != nil {
				return err
			}
		}
	}
}
