package notify

import (
	"context"
	"errors"
	"html"
	"os"
	"runtime"
)

// desktop shows messages to who sits before this computer, by the program that
// its system has for that. What a card says is an argument and never a script.
type desktop struct{ system string }

func newDesktop() (sender, error) {
	if runtime.GOOS == "windows" {
		return nil, errors.New("desktop notifications are not to be had on Windows; use a command or a shoutrrr target")
	}
	return desktop{runtime.GOOS}, nil
}

func (d desktop) argv(title, text string) []string {
	if d.system == "darwin" {
		return []string{"osascript", "-e", "on run argv", "-e", "display notification (item 2 of argv) with title (item 1 of argv)", "-e", "end run",
			"--", title, text}
	}
	// A notification's body may have markup, so its signs are written out.
	return []string{"notify-send", "--app-name=andon", "--", title, html.EscapeString(text)}
}

func (d desktop) send(ctx context.Context, m message) error {
	title := "andon"
	if m.Data.Board != "" {
		title += " " + string(m.Data.Board)
	}
	return execute(ctx, d.argv(title, m.Data.Text), os.Environ(), nil)
}
