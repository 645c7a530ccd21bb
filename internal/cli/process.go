package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"
)

// Run is the command in the process that it was started in. It returns the exit
// status.
func Run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	home, _ := os.UserHomeDir() // unknown is said where it is needed
	self, _ := os.Executable()
	out := int(os.Stdout.Fd())
	width, _, _ := term.GetSize(out)
	terminal := term.IsTerminal(out)
	return Main(ctx, os.Args[1:], IO{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.Getenv, UserHome: home,
		Terminal: terminal, Width: width, Interactive: terminal && term.IsTerminal(int(os.Stdin.Fd())),
		Colour: terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && escapes(os.Stdout),
		Zone:   time.Local, Now: time.Now, Self: self,
	})
}
