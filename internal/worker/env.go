package worker

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"andon/internal/home"
	"andon/internal/token"
	"andon/kanban"
)

// inherited says whether a variable of the supervisor's goes on to the agent.
// What names a card, a run or a chat session of somebody else does not.
func inherited(entry string) bool {
	name, _, _ := strings.Cut(entry, "=")
	for _, prefix := range []string{"ANDON_", "HERMES_KANBAN_", "HERMES_SESSION_", "HERMES_CRON_"} {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	switch name {
	case "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID": // by which the dispatcher speaks with the service manager
		return false
	}
	return name != "HERMES_UI_SESSION_ID" && name != "HERMES_TUI"
}

// environment is what the agent gets: the names Hermes' workers know and the
// same by andon's own name. The profile's settings may not replace them.
func (s *supervisor) environment(t kanban.Task) []string {
	j := s.job
	both := map[string]string{
		"TASK": string(t.ID), "RUN_ID": j.Run.String(), "CLAIM_LOCK": j.Lock, "DB": j.Board.DB, "BOARD": string(j.Board.Slug),
		"WORKSPACE": t.WorkspacePath, "WORKSPACES_ROOT": j.Board.Workspaces,
	}
	if t.Branch != "" {
		both["BRANCH"] = t.Branch
	}
	if t.GoalMode {
		both["GOAL_MODE"] = "1"
		if t.GoalMaxTurns > 0 {
			both["GOAL_MAX_TURNS"] = strconv.FormatInt(t.GoalMaxTurns, 10)
		}
	}
	// Where the files of cards lie is told only if somebody chose it: the worker keeps
	// its artifacts there, and would not look in the dispatcher's environment.
	if attachmentsChosen() {
		both["ATTACHMENTS_ROOT"] = j.Board.Attachments
	}
	mark, value, _ := strings.Cut(Mark(j.Board, j.Run), "=")
	set := map[string]string{
		mark:                value,
		"ANDON_HOME":        j.Root,
		"ANDON_PROMPT_FILE": s.promptFile(),
		"ANDON_ATTEMPT":     strconv.Itoa(s.attempt),
		"HERMES_PROFILE":    t.Assignee, "HERMES_SESSION_SOURCE": "kanban", "TERMINAL_CWD": t.WorkspacePath,
	}
	for name, value := range both {
		set["ANDON_"+name], set["HERMES_KANBAN_"+name] = value, value
	}
	if word, err := s.token(t.ID); err != nil {
		s.logf("the worker gets no token: %v", err)
	} else {
		set["ANDON_TOKEN"] = word
	}
	if t.Tenant != "" {
		set["HERMES_TENANT"] = t.Tenant
	}
	if dir := filepath.Join(j.Root, "profiles", t.Assignee); isDir(dir) {
		set["HERMES_HOME"] = dir
	}
	set["PATH"] = s.bin() + string(os.PathListSeparator) + os.Getenv("PATH")
	if path, ok := j.Profile.Env["PATH"]; ok {
		set["PATH"] = s.bin() + string(os.PathListSeparator) + path
	}
	if s.limit > 0 {
		// A shell tool that gives up before the run's own limit leaves time to
		// report.
		budget := max(1, int(s.limit.Seconds())-30)
		for _, name := range []string{"TERMINAL_TIMEOUT", "TERMINAL_MAX_FOREGROUND_TIMEOUT"} {
			if have, err := strconv.Atoi(os.Getenv(name)); err != nil || have < budget {
				set[name] = strconv.Itoa(budget)
			}
		}
	}
	merged := map[string]string{}
	maps.Copy(merged, s.wired)
	maps.Copy(merged, j.Profile.Env)
	maps.Copy(merged, set)

	env := slices.DeleteFunc(os.Environ(), func(e string) bool {
		name, _, _ := strings.Cut(e, "=")
		_, replaced := merged[name]
		return replaced || !inherited(e)
	})
	for _, name := range slices.Sorted(maps.Keys(merged)) {
		env = append(env, name+"="+merged[name])
	}
	return env
}

// attachmentsChosen reports whether somebody said where the files of cards lie.
func attachmentsChosen() bool {
	return os.Getenv("ANDON_ATTACHMENTS_ROOT") != "" || os.Getenv("HERMES_KANBAN_ATTACHMENTS_ROOT") != ""
}

// token is the word by which the agent is known as this run's where its
// environment does not reach.
func (s *supervisor) token(id kanban.TaskID) (string, error) {
	key, err := home.Home{Root: s.job.Root}.Key(context.Background(), true)
	if err != nil {
		return "", err
	}
	return token.Mint(key, token.Grant{Board: s.job.Board.Address(), Task: id, Run: s.job.Run})
}

// bin is the folder in which the agent finds andon by that name.
func (s *supervisor) bin() string {
	want := andonName()
	if filepath.Base(s.Self) == want {
		return filepath.Dir(s.Self)
	}
	dir := filepath.Join(s.runDir(), "bin")
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		err = os.Symlink(s.Self, filepath.Join(dir, want))
	}
	if err != nil && !os.IsExist(err) {
		s.logf("the worker will not find andon on its PATH: %v", err)
	}
	return dir
}

func andonName() string {
	if runtime.GOOS == "windows" {
		return "andon.exe"
	}
	return "andon"
}

func (s *supervisor) runDir() string { return filepath.Join(s.job.Board.Runs, s.job.Run.String()) }

func (s *supervisor) promptFile() string { return filepath.Join(s.runDir(), "prompt.md") }

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (s *supervisor) logf(format string, args ...any) {
	fmt.Fprintf(s.log, "andon: run %s: %s\n", s.job.Run, fmt.Sprintf(format, args...))
}
