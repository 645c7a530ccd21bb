package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/view"
	"andon/kanban"
)

func newAssignees(a *app) *cobra.Command {
	return verb(words{
		use: "assignees", group: "look",
		short: "list who cards can be assigned to, and what they have",
		long: `List the profiles of andon.yaml and everybody who has a card that is not
archived, with the number of their cards in each status. Only cards of a profile
are started by a dispatcher; others wait for somebody to claim them.`,
		example: `  andon assignees
  andon assignees --json | jq -r '.[] | select(.on_disk) | .name'`,
		exits: "the board could not be read",
	}, noWords, func(ctx context.Context, _ []string) error {
		return a.with(ctx, func(s *session) error {
			stats, err := s.Stats(ctx)
			if err != nil {
				return err
			}
			by := map[string]assigneeView{}
			for name := range s.config.Profiles {
				by[name] = assigneeView{Name: name, Profile: true, Counts: map[kanban.Status]int{}}
			}
			for _, c := range stats.Counts {
				if c.Assignee == "" {
					continue
				}
				v, known := by[c.Assignee]
				if !known {
					v = assigneeView{Name: c.Assignee, Counts: map[kanban.Status]int{}}
				}
				v.Counts[c.Status] += c.N
				by[c.Assignee] = v
			}
			list := make([]assigneeView, 0, len(by))
			for _, name := range slices.Sorted(maps.Keys(by)) {
				list = append(list, by[name])
			}
			if a.json {
				return view.JSON(a.Out, list)
			}
			a.printf("%s", assigneesText(list))
			return nil
		})
	})
}

// assigneeView is one to whom cards can be assigned, as scripts see it. The key
// on_disk is that of Hermes, whose profiles are folders; andon's are in
// andon.yaml.
type assigneeView struct {
	Name    string                `json:"name"`
	Profile bool                  `json:"on_disk"`
	Counts  map[kanban.Status]int `json:"counts"`
}

func assigneesText(list []assigneeView) string {
	if len(list) == 0 {
		return "nobody: andon.yaml has no profile, and no card is anybody's\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-20s %-8s %s\n", "NAME", "PROFILE", "CARDS")
	for _, v := range list {
		profile := "no"
		if v.Profile {
			profile = "yes"
		}
		cards := view.Counts(v.Counts)
		if cards == "" {
			cards = "none"
		}
		fmt.Fprintf(&b, "%-20s %-8s %s\n", view.Plain(v.Name), profile, cards)
	}
	return b.String()
}
