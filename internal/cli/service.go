package cli

import (
	"context"
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/fsx"
	"andon/internal/view"
	"andon/kanban"
)

func newService(a *app) *cobra.Command {
	o := &service{app: a}
	cmd := verb(words{
		use: "service", group: "work",
		short: "have the system run the dispatcher",
		long: `Write, remove or look at the definition by which systemd (Linux) or launchd (macOS)
runs "andon run" for this home and this user, or with --serve "andon serve", which
does the same and serves agents by HTTP. Workers outlive a restart of it. Without an
action: look.`,
		example: `  andon service install --dry-run
  andon service install --now
  andon service status
  andon service uninstall`,
		exits: "the system has neither, or the definition cannot be written",
	}, cobra.NoArgs, o.status)
	install := verb(words{
		use: "install", short: "write the definition, and say how to start it",
		example: `  andon service install --now
  andon service install --serve --now
  andon service install --dry-run`,
		exits: "the system has neither systemd nor launchd, or the definition cannot be written",
	}, cobra.NoArgs, o.install)
	install.Flags().BoolVar(&o.dry, "dry-run", false, "print the definition and write nothing")
	install.Flags().BoolVar(&o.serve, "serve", false, "run \"andon serve\", at its usual address, instead of \"andon run\"")
	install.Flags().BoolVar(&o.now, "now", false, "start it, too, if the user's systemd can be reached")
	uninstall := verb(words{
		use: "uninstall", short: "remove the definition, and say how to stop it",
		example: "  andon service uninstall\n  andon service uninstall --dry-run",
		exits:   "the system has neither, or the definition cannot be removed",
	}, cobra.NoArgs, o.uninstall)
	uninstall.Flags().BoolVar(&o.dry, "dry-run", false, "say what would be removed")
	status := verb(words{
		use: "status", short: "say whether the definition is there and as it should be",
		example: "  andon service status --json | jq .state",
		exits:   "the system has neither systemd nor launchd",
	}, cobra.NoArgs, o.status)
	cmd.AddCommand(install, uninstall, status)
	return cmd
}

type service struct {
	*app
	dry, now, serve bool
}

// serviceVerbs are what a service may run, the usual one first.
var serviceVerbs = []string{"run", "serve"}

// definition is what the system is told of the service.
type definition struct {
	path, text    string
	enable, leave []string // commands for the user
}

// define is the definition of a service that runs the verb.
func (o *service) define(system, verb string) (definition, error) {
	h, _, err := o.find()
	if err != nil {
		return definition{}, err
	}
	root, err := filepath.Abs(h.Root)
	if err != nil {
		return definition{}, err
	}
	name := "andon"
	if root != filepath.Join(o.UserHome, ".andon") { // one for each home
		name = fmt.Sprintf("andon-%x", sha256.Sum256([]byte(root)))[:len("andon-")+8]
	}
	if strings.ContainsAny(o.Self+root, "\n\r") {
		return definition{}, usagef("a path with a line break cannot be named in a definition: %q", []string{o.Self, root})
	}
	switch system {
	case "linux":
		dir := o.Env("XDG_CONFIG_HOME")
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(o.UserHome, ".config")
		}
		unit := name + ".service"
		return definition{filepath.Join(dir, "systemd", "user", unit), systemdUnit(o.Self, verb, root),
			[]string{"systemctl --user daemon-reload", "systemctl --user enable --now " + unit, "loginctl enable-linger   # to go on after you log out"},
			[]string{"systemctl --user disable --now " + unit, "systemctl --user daemon-reload"}}, nil
	case "darwin":
		label := "andon." + name
		path := filepath.Join(o.UserHome, "Library", "LaunchAgents", label+".plist")
		return definition{path, launchdPlist(label, o.Self, verb, root, filepath.Join(root, "service.log")),
			[]string{"launchctl bootstrap gui/$(id -u) '" + path + "'"}, []string{"launchctl bootout gui/$(id -u)/" + label}}, nil
	}
	return definition{}, &kanban.Error{Code: kanban.Conflict, Msg: fmt.Sprintf("service: %s has neither systemd nor launchd", system),
		Hint: "have the system's own service manager run `andon run`, and leave the workers alone when it stops"}
}

// systemdUnit is the definition for a user's systemd. Only the dispatcher is stopped
// with it; an agent that uses up the memory does not take the others along; and the
// supervisors may make control groups.
func systemdUnit(self, verb, root string) string {
	quote := func(s string) string {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%", "$", "$$").Replace(s) + `"`
	}
	return fmt.Sprintf(`# Written by andon service install.
[Unit]
Description=andon dispatcher

[Service]
Type=notify
ExecStart=%s %s --home %s
ExecReload=/bin/kill -HUP $MAINPID
KillMode=process
OOMPolicy=continue
Delegate=yes
WatchdogSec=60
Restart=on-failure
RestartSec=2

[Install]
WantedBy=default.target
`, quote(self), verb, quote(root))
}

func launchdPlist(label, self, verb, root, log string) string {
	quote := func(s string) string {
		var b strings.Builder
		_ = xml.EscapeText(&b, []byte(s)) // a Builder takes all
		return b.String()
	}
	return fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Written by andon service install. -->
<plist version="1.0">
<dict>
	<key>Label</key><string>%s</string>
	<key>ProgramArguments</key>
	<array><string>%s</string><string>%s</string><string>--home</string><string>%s</string></array>
	<key>RunAtLoad</key><true/>
	<key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
	<key>AbandonProcessGroup</key><true/>
	<key>StandardOutPath</key><string>%s</string>
	<key>StandardErrorPath</key><string>%s</string>
</dict>
</plist>
`, quote(label), quote(self), verb, quote(root), quote(log), quote(log))
}

// serviceView is how it stands, as scripts see it.
type serviceView struct {
	Path     string   `json:"path"`
	State    string   `json:"state"`          // absent, installed, differs
	Runs     string   `json:"runs,omitempty"` // of an installed one, the verb
	Changed  bool     `json:"changed"`
	Commands []string `json:"commands"`
}

func (d definition) state() (string, error) {
	switch text, err := os.ReadFile(d.path); {
	case errors.Is(err, fs.ErrNotExist):
		return "absent", nil
	case err != nil:
		return "", err
	case string(text) != d.text:
		return "differs", nil
	}
	return "installed", nil
}

func (o *service) tell(v serviceView, say string) error {
	if o.json {
		return view.JSON(o.Out, v)
	}
	what := ""
	if v.Runs != "" {
		what = " (andon " + v.Runs + ")"
	}
	o.printf("%s %s%s\n", say, v.Path, what)
	for _, c := range v.Commands {
		o.printf("  %s\n", c)
	}
	return nil
}

func (o *service) status(context.Context, []string) error {
	var d definition
	state, runs := "", ""
	for _, verb := range serviceVerbs {
		var err error
		if d, err = o.define(runtime.GOOS, verb); err == nil {
			state, err = d.state()
		}
		if err != nil {
			return err
		}
		if state == "installed" {
			runs = verb
			break
		}
	}
	v := serviceView{Path: d.path, State: state, Runs: runs, Commands: []string{}}
	return o.tell(v, map[string]string{"absent": "There is no", "installed": "It is installed:",
		"differs": "`andon service install` would write it anew:"}[state])
}

func (o *service) install(ctx context.Context, _ []string) error {
	verb := serviceVerbs[0]
	if o.serve {
		verb = serviceVerbs[1]
	}
	d, err := o.define(runtime.GOOS, verb)
	if err != nil {
		return err
	}
	if o.dry && o.json {
		return view.JSON(o.Out, struct {
			Path string `json:"path"`
			Text string `json:"text"`
		}{d.path, d.text})
	}
	if o.dry {
		o.printf("%s", d.text)
		return nil
	}
	was, err := d.state()
	if err != nil {
		return err
	}
	if was != "installed" {
		if err = os.MkdirAll(filepath.Dir(d.path), 0o755); err == nil {
			err = fsx.WriteFile(d.path, []byte(d.text), 0o644)
		}
		if err != nil {
			return &kanban.Error{Code: kanban.Denied, Err: err, Msg: fmt.Sprintf("write %s: %v", d.path, err), Hint: "see whose the folder is"}
		}
	}
	v := serviceView{Path: d.path, State: "installed", Runs: verb, Changed: was != "installed", Commands: d.enable}
	if o.now && reachable(ctx) {
		for _, c := range d.enable[:2] {
			if out, err := systemctl(ctx, c); err != nil {
				return &kanban.Error{Code: kanban.Conflict, Err: err, Msg: fmt.Sprintf("%s: %v: %s", c, err, strings.TrimSpace(string(out)))}
			}
		}
		v.Commands = []string{}
		return o.tell(v, "It is installed and runs:")
	}
	return o.tell(v, "It is installed; these commands start it:")
}

// systemctl runs one of the commands that the user would be told.
func systemctl(ctx context.Context, command string) ([]byte, error) {
	words := strings.Fields(command)
	return exec.CommandContext(ctx, words[0], words[1:]...).CombinedOutput()
}

// reachable reports whether the user's systemd can be told.
func reachable(ctx context.Context) bool {
	_, err := systemctl(ctx, "systemctl --user show-environment")
	return runtime.GOOS == "linux" && err == nil
}

func (o *service) uninstall(context.Context, []string) error {
	d, err := o.define(runtime.GOOS, serviceVerbs[0])
	if err != nil {
		return err
	}
	was, err := d.state()
	if err != nil {
		return err
	}
	v := serviceView{Path: d.path, State: "absent", Changed: was != "absent" && !o.dry, Commands: d.leave}
	if was == "absent" {
		v.Commands = []string{}
		return o.tell(v, "There is no")
	}
	if o.dry {
		v.State = was
		return o.tell(v, "Would remove; these commands stop what runs:")
	}
	if err := os.Remove(d.path); err != nil {
		return &kanban.Error{Code: kanban.Denied, Err: err, Msg: err.Error(), Hint: "see whose the folder is"}
	}
	return o.tell(v, "Removed; these commands stop what runs:")
}
