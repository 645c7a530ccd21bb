package cli

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"andon/internal/config"
	"andon/internal/proc"
	"andon/internal/view"
	"andon/internal/worker"
	"andon/kanban"
)

func newClaim(a *app) *cobra.Command {
	o := &claim{app: a}
	cmd := verb(words{
		use: "claim ID", group: "work",
		short: "take a ready card to work on it, or one in review to review it",
		long: `Take a ready card to work on it by hand or from a script of one's own. Of many
that try, one gets it. It is held for the time of the lease, which heartbeats from
inside the run extend.`,
		example: `  andon claim t_1a2b3c4d --ttl 3600
  cd "$(andon claim t_1a2b3c4d --json | jq -r .workspace)"`,
		exits: "no such card, it is neither ready nor in review, another holds it, or it waits for a parent",
	}, cobra.ExactArgs(1), o.run)
	cmd.Flags().StringVar(&o.ttl, "ttl", "", "how long the lease lasts, in seconds or such as 2h (default 15m, or ANDON_CLAIM_TTL_SECONDS)")
	return cmd
}

type claim struct {
	*app
	ttl string
}

// claimed is what scripts are told of a claim.
type claimed struct {
	view.Task
	Run       kanban.RunID `json:"run_id"`
	Lock      string       `json:"claim_lock"`
	Expires   int64        `json:"claim_expires"`
	Workspace *string      `json:"workspace"`
}

func (o *claim) run(ctx context.Context, args []string) error {
	ttl := config.ClaimTTL(o.Env)
	if o.ttl != "" {
		var err error
		if ttl, err = config.ParseDuration(o.ttl); err != nil {
			return usagef("--ttl: %v", err)
		}
		if ttl < time.Second {
			return usagef("--ttl %s: it must be a second or more", o.ttl)
		}
	}
	return o.with(ctx, func(s *session) error {
		c, err := s.Claim(ctx, kanban.TaskID(strings.TrimSpace(args[0])), kanban.Claimant{Lock: claimer(), TTL: ttl, Review: true})
		if err != nil {
			return err
		}
		t := c.Task
		at, err := worker.Workspace(ctx, s.place, t)
		if err == nil && (at.Path != t.WorkspacePath || at.Branch != t.Branch) {
			if c, err = s.Placed(ctx, kanban.Run{ID: t.Run, Task: t.ID}, at.Path, at.Branch, ""); err == nil {
				t = c.Task
			}
		}
		dir := at.Path
		if err != nil {
			return &kanban.Error{Code: kanban.Denied, Err: err, Msg: fmt.Sprintf("claim %s: the card is claimed, but its workspace cannot be made: %v", t.ID, err),
				Hint: fmt.Sprintf("`andon reclaim %s` gives it back", t.ID)}
		}
		if o.json {
			v := claimed{Task: view.NewTask(t), Run: t.Run, Lock: t.Lock, Expires: t.Expires.Unix()}
			if dir != "" {
				v.Workspace = &dir
			}
			return view.JSON(o.Out, v)
		}
		o.printf("Claimed %s\nWorkspace: %s\n", t.ID, or(dir, "(unresolved)"))
		return nil
	})
}

// claimer names this process to every other on the board. It has no start time,
// as a dispatcher's has: who claims by hand works on after the command ended.
func claimer() string { return fmt.Sprintf("%s:%d", proc.Hostname(), os.Getpid()) }
