package cli

import (
	"context"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"andon/internal/home"
	"andon/internal/view"
)

func newVersion(a *app) *cobra.Command {
	return verb(words{
		use: "version", group: "more",
		short: "print the version of andon and of what it is made with",
		example: `  andon version
  andon version --json | jq -r .sqlite`,
	}, noWords, func(context.Context, []string) error {
		lite, err := home.SQLite()
		if err != nil {
			return err
		}
		v := build()
		v.SQLite = lite
		if a.json {
			return view.JSON(a.Out, v)
		}
		a.printf("andon %s\ncommit  %s\ngo      %s\nsqlite  %s\nsystem  %s/%s\n", v.Version, or(v.Commit, "(unknown)"), v.Go, v.SQLite, v.OS, v.Arch)
		return nil
	})
}

type version struct {
	Version string `json:"version"`
	Commit  string `json:"commit"` // empty if it was not recorded
	Go      string `json:"go"`
	SQLite  string `json:"sqlite"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

// build is what was recorded when this program was built.
func build() version {
	v := version{Version: "devel", Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if m := info.Main.Version; m != "" && m != "(devel)" {
		v.Version = m
	}
	changed := ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			v.Commit = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = " (changed since)"
		}
	}
	if v.Commit != "" {
		v.Commit += changed
	}
	return v
}
