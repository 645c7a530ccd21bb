package cli

import (
	"context"
	"fmt"
	"os"
	"time"
)

// lookAtSettings is how often it is looked whether andon.yaml has changed. A look
// asks for the file's date and opens nothing: a notification of its folder would
// come with every commit, for the default board's file lies in it, too.
const lookAtSettings = 250 * time.Millisecond

// edition tells one state of a file from another.
type edition struct {
	there   bool
	size    int64
	written time.Time
}

func editionOf(file string) (e edition) {
	if info, err := os.Stat(file); err == nil {
		e = edition{true, info.Size(), info.ModTime()}
	}
	return e
}

// reload keeps the fleet to what andon.yaml says, until the context ends: a file
// that has changed, and rested for a moment, is read, and at a hang-up in any case.
// What is wrong is told once and changes nothing.
func (f *fleet) reload(ctx context.Context, was edition, apply func()) {
	file := f.home.ConfigFile()
	hangup, deaf := hangups()
	defer deaf()
	tick := time.NewTicker(lookAtSettings)
	defer tick.Stop()
	seen := was // at the last look
	for {
		asked := false
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			asked = true
		case <-tick.C:
		}
		now := editionOf(file)
		settled := now == seen
		if seen = now; !asked && (now == was || !settled) {
			continue
		}
		was = now
		cfg, err := f.loadConfig(f.home)
		if err != nil {
			f.say(fmt.Errorf("%w; what was in force stays so", err))
			continue
		}
		f.config.Store(&cfg)
		f.nobody(cfg)
		apply()
		what := "is read anew and in force"
		if !now.there {
			what = "is gone, and the defaults are in force"
		}
		fmt.Fprintf(f.Err, "andon: %s %s\n", file, what)
	}
}
