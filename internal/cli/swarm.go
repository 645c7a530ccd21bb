package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/view"
	"andon/kanban"
)

func newSwarm(a *app) *cobra.Command {
	o := &swarm{app: a}
	cmd := verb(words{
		use: "swarm GOAL", group: "cards",
		short: "let many work on one goal at once",
		long: `Make the cards for a goal that many work on at once, all or none: workers side by
side, one who verifies what they made, and one who puts it together. A root card,
done from the start, holds them together; its comments are their notice board.`,
		example: `  andon swarm "A history of letters" --worker ada:"Find sources" \
    --worker bob:"Draw a timeline":drawing,maps --verifier carl --synthesizer dora
  andon swarm "Name the letter" --workers ada,bob --verifier carl --synthesizer dora`,
		exits: "refused: a field is blank, or the key is that of a card that is no swarm",
	}, cobra.ExactArgs(1), o.run)
	f := cmd.Flags()
	f.StringArrayVar(&o.workers, "worker", nil, "PROFILE:TITLE[:SKILL,SKILL] (may be repeated)")
	f.StringSliceVar(&o.profiles, "workers", nil, "profiles parted by commas, each of which gets a card with the goal for its title")
	f.StringVar(&o.s.Verifier, "verifier", "", "who verifies what the workers made")
	f.StringVar(&o.s.Synthesizer, "synthesizer", "", "who puts it together")
	f.StringVar(&o.s.Tenant, "tenant", "", "whose work it is")
	f.Int64Var(&o.s.Priority, "priority", 0, "higher is started first")
	f.StringVar(&o.s.CreatedBy, "created-by", "", "who makes the cards (default: the profile, else swarm-orchestrator)")
	f.StringVar(&o.s.IdempotencyKey, "idempotency-key", "", "while a swarm with this key is on the board, that swarm is the answer")
	o.changed = f.Changed
	return cmd
}

type swarm struct {
	*app
	s       kanban.Swarm
	workers []string
	// profiles are the workers of --workers: as it is documented for Hermes.
	profiles []string
	changed  func(flag string) bool
}

func (o *swarm) run(ctx context.Context, args []string) error {
	s := o.s
	s.Goal = args[0]
	for _, flag := range []string{"worker", "verifier", "synthesizer"} {
		if !o.changed(flag) && !(flag == "worker" && o.changed("workers")) {
			return usagef("a swarm needs --%s", flag)
		}
	}
	for _, text := range o.workers {
		w, err := parseSwarmWorker(text)
		if err != nil {
			return usagef("--worker %v", err)
		}
		s.Workers = append(s.Workers, w)
	}
	for _, profile := range o.profiles {
		if strings.TrimSpace(profile) == "" {
			return usagef("--workers %q: give the names of profiles, parted by commas, such as ada,bob", strings.Join(o.profiles, ","))
		}
		s.Workers = append(s.Workers, kanban.SwarmWorker{Profile: profile, Title: kanban.TitleOf(s.Goal)})
	}
	if len(s.Workers) == 0 {
		return usagef("a swarm needs --worker")
	}
	if author := o.author(); s.CreatedBy == "" && author != "user" {
		s.CreatedBy = author
	}
	return o.with(ctx, func(session *session) error {
		made, _, err := session.Swarm(ctx, s)
		if err != nil {
			return err
		}
		if o.json {
			return view.JSON(o.Out, made)
		}
		workers := make([]string, len(made.Workers))
		for i, id := range made.Workers {
			workers[i] = string(id)
		}
		o.printf("Root: %s\nWorkers: %s\nVerifier: %s\nSynthesizer: %s\n", made.Root, strings.Join(workers, ", "), made.Verifier, made.Synthesizer)
		return nil
	})
}

// parseSwarmWorker reads PROFILE:TITLE[:SKILL,SKILL].
func parseSwarmWorker(text string) (w kanban.SwarmWorker, err error) {
	parts := strings.SplitN(text, ":", 3)
	if len(parts) < 2 || strings.TrimSpace(parts[0]) == "" || strings.TrimSpace(parts[1]) == "" {
		return w, fmt.Errorf("%q: it is PROFILE:TITLE or PROFILE:TITLE:SKILL,SKILL", text)
	}
	w.Profile, w.Title = parts[0], parts[1]
	if len(parts) > 2 {
		w.Skills = strings.Split(parts[2], ",")
	}
	return w, nil
}
