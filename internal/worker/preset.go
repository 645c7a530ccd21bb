package worker

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"andon/internal/config"
	"andon/kanban"
)

// Variables by which andon's tools know the run, and where its files are, wherever
// the agent starts them.
var serverEnv = []string{"ANDON_HOME", "ANDON_BOARD", "ANDON_DB", "ANDON_TASK", "ANDON_RUN_ID", "ANDON_TOKEN", "ANDON_WORKSPACES_ROOT"}

// server is how the agent starts andon's tools.
func (s *supervisor) server() config.Server {
	names := serverEnv
	if attachmentsChosen() { // else it is not set, and some agents hand on a name that is not set as it stands
		names = append(slices.Clone(names), "ANDON_ATTACHMENTS_ROOT")
	}
	return config.Server{File: filepath.Join(s.runDir(), "mcp.json"), Command: []string{filepath.Join(s.bin(), andonName()), "mcp"}, Env: names}
}

// wire writes what the agent is told of andon's tools, and returns what that adds
// to its environment.
func (s *supervisor) wire(c config.Card) (map[string]string, error) {
	w := s.job.Profile.Wiring(c.Server)
	if w.File != "" {
		if err := os.WriteFile(c.Server.File, []byte(w.File+"\n"), 0o600); err != nil {
			return nil, fmt.Errorf("write the settings of andon's tools: %w", err)
		}
	}
	if left := s.job.Profile.Unheeded(c); len(left) > 0 {
		s.logf("the preset %s has no flag for what the card asks for: %s", s.job.Profile.Preset, strings.Join(left, ", "))
	}
	return w.Env, nil
}

const (
	quotaTail = 1 << 20            // of the log: how an agent ended, it says at the end
	quotaRest = 8 * 24 * time.Hour // no quota lasts longer, whatever an agent says
)

// quota is the failure of a run that its agent, which ended by itself, says a quota
// has stopped; nil where it does not say so.
func (s *supervisor) quota(x kanban.Exit) *kanban.Failure {
	if x.Signal != 0 || x.Unknown {
		return nil
	}
	q, stopped := s.job.Profile.Preset.Quota(s.written())
	if !stopped {
		return nil
	}
	f := &kanban.Failure{Class: kanban.RateLimited, Exit: x, PID: int64(s.agent.PID)}
	if now := time.Now(); q.Until.After(now) && q.Until.Before(now.Add(quotaRest)) {
		f.Until, f.Error = q.Until, "the quota of "+string(s.job.Profile.Preset)
	}
	return f
}

// written is the end of what this run has written to the log.
func (s *supervisor) written() []byte {
	f, err := os.Open(s.log.Name())
	if err != nil {
		return nil
	}
	defer f.Close()
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil
	}
	if _, err := f.Seek(max(s.logFrom, end-quotaTail), io.SeekStart); err != nil {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(f, quotaTail))
	if err != nil {
		return nil
	}
	return text
}
