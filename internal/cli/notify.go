package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/config"
	"andon/internal/store"
	"andon/internal/view"
	"andon/kanban"
)

// newNotify groups what is about notifications. The first three verbs are there
// under Hermes' names, too.
func newNotify(a *app) *cobra.Command {
	cmd := verb(words{
		use: "notify", group: "work",
		short: "tell people and programs what happens to cards",
		long: `Tell people and programs what happens to cards: that one is done, blocked, given
up, crashed, timed out, waits for a review or goes round in circles.

Whom to tell is a target, which andon.yaml describes under notify.targets: a
signed webhook, a command, this desktop, or one of the services that shoutrrr
knows. A target hears of the cards that it is subscribed to and, of the kinds of
events in its "follow", of every card.`,
		example: `  andon notify test ops
  andon notify subscribe t_1a2b3c4d --target ops
  andon notify run`,
		exits: "see each command",
	}, noWords, func(context.Context, []string) error {
		return usagef("andon notify what? subscribe, unsubscribe, list, run, test or status")
	})
	for _, make := range []func(*app, string) *cobra.Command{
		newNotifySubscribe, newNotifyUnsubscribe, newNotifyList, newNotifyRun, newNotifyTest, newNotifyStatus,
	} {
		sub := make(a, "")
		sub.GroupID = ""
		cmd.AddCommand(sub)
	}
	return cmd
}

// dashed is a verb of the group by its name at the top.
func dashed(make func(*app, string) *cobra.Command) func(*app) *cobra.Command {
	return func(a *app) *cobra.Command {
		cmd := make(a, "notify-")
		cmd.Hidden = true // the group is what help shows
		return cmd
	}
}

func newNotifySubscribe(a *app, prefix string) *cobra.Command {
	o := &subscription{app: a}
	cmd := verb(words{
		use: prefix + "subscribe ID", group: "cards",
		short: "tell somebody what happens to a card from now on",
		long: `Tell a target of andon.yaml, or the chat of another program that reads this board,
what happens to a card from now on. It ends by itself when the card is done or
archived. Said again, only what is said anew is changed. Children of the card are
heard of, too, if they are made or linked afterwards.

--target NAME is short for --platform KIND --chat-id NAME. The platforms webhook,
command, desktop and shoutrrr are andon's own, and their chat ids are targets.`,
		example: `  andon notify subscribe t_1a2b3c4d --target ops
  andon notify subscribe t_1a2b3c4d --platform telegram --chat-id 4711 --thread-id 3`,
		exits: "no such card, no such target, or a value that breaks a rule",
	}, cobra.ExactArgs(1), o.subscribe)
	o.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.s.UserID, "user-id", "", "who asked")
	f.StringVar(&o.s.ChatType, "chat-type", "", strings.Join(kanban.ChatTypes, ", ")+" (a new one: "+kanban.DefaultChatType+")")
	f.StringVar(&o.s.Profile, "notifier-profile", "", "profile whose gateway delivers it (default: the active profile)")
	f.StringVar(&o.s.Mode, "delivery-mode", "", strings.Join(kanban.Modes, ", ")+" (a new one: "+kanban.DefaultMode+")")
	return cmd
}

func newNotifyUnsubscribe(a *app, prefix string) *cobra.Command {
	o := &subscription{app: a}
	cmd := verb(words{
		use: prefix + "unsubscribe ID", group: "cards",
		short:   "tell somebody no longer what happens to a card",
		example: `  andon notify unsubscribe t_1a2b3c4d --target ops`,
		exits:   "there is no such subscription",
	}, cobra.ExactArgs(1), o.unsubscribe)
	o.flags(cmd)
	return cmd
}

func newNotifyList(a *app, prefix string) *cobra.Command {
	return verb(words{
		use: prefix + "list [ID]", group: "look",
		short: "list who hears of which card",
		example: `  andon notify list
  andon notify list t_1a2b3c4d --json`,
		exits: "the board could not be read",
	}, cobra.MaximumNArgs(1), func(ctx context.Context, args []string) error {
		var f store.SubFilter
		if len(args) > 0 {
			f.Task = kanban.TaskID(strings.TrimSpace(args[0]))
		}
		return a.with(ctx, func(s *session) error {
			subs, err := s.Subscriptions(ctx, f)
			if err != nil {
				return err
			}
			if a.json {
				return view.JSON(a.Out, view.NewSubs(subs))
			}
			if len(subs) == 0 {
				a.printf("(no subscriptions)\n")
			}
			for _, sub := range subs {
				a.printf("%s\n", view.SubRow(sub))
			}
			return nil
		})
	})
}

// subscription is what subscribe and unsubscribe have in common.
type subscription struct {
	*app
	s      kanban.Sub
	target string
}

func (o *subscription) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.target, "target", "", "target of andon.yaml")
	f.StringVar(&o.s.Platform, "platform", "", "where the chat is: a kind of target, or another program's word")
	f.StringVar(&o.s.ChatID, "chat-id", "", "the chat; of andon's own platforms, the target")
	f.StringVar(&o.s.ThreadID, "thread-id", "", "thread within the chat")
}

// fill completes the subscription that was asked for.
func (o *subscription) fill(s *session, id string) (kanban.Sub, error) {
	sub := o.s
	sub.Task = kanban.TaskID(strings.TrimSpace(id))
	if o.target == "" {
		return sub, s.ownTarget(sub)
	}
	named, err := s.targetSub(o.target)
	sub.Platform, sub.ChatID = named.Platform, named.ChatID
	return sub, err
}

func (o *subscription) check() error {
	switch {
	case o.target != "" && (o.s.Platform != "" || o.s.ChatID != ""):
		return usagef("--target goes without --platform and --chat-id: it says both")
	case o.target == "" && (o.s.Platform == "" || o.s.ChatID == ""):
		return usagef("whom? give --target NAME, or --platform and --chat-id")
	}
	return nil
}

func (o *subscription) subscribe(ctx context.Context, args []string) error {
	if err := o.check(); err != nil {
		return err
	}
	with := o.with
	if o.target != "" || slices.Contains(ownPlatforms(), strings.ToLower(strings.TrimSpace(o.s.Platform))) {
		with = o.configured
	}
	return with(ctx, func(s *session) error {
		sub, err := o.fill(s, args[0])
		if err != nil {
			return err
		}
		if sub.Profile == "" {
			sub.Profile = o.profile()
		}
		if sub, err = s.Subscribe(ctx, sub); err != nil {
			return err
		}
		return o.told(sub, "Subscribed", "to")
	})
}

func (o *subscription) unsubscribe(ctx context.Context, args []string) error {
	if err := o.check(); err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		sub := o.s
		if sub.Task = kanban.TaskID(strings.TrimSpace(args[0])); o.target != "" {
			// Also of a target that is in andon.yaml no longer.
			subs, err := s.Subscriptions(ctx, store.SubFilter{Task: sub.Task, Platforms: ownPlatforms()})
			if err != nil {
				return err
			}
			sub.Platform, sub.ChatID = string(s.config.Notify.Targets[o.target].Kind), o.target
			for _, have := range subs {
				if have.ChatID == o.target && have.ThreadID == o.s.ThreadID {
					sub = have
				}
			}
			if sub.Platform == "" {
				sub.Platform = "target"
			}
		}
		if err := s.Unsubscribe(ctx, sub); err != nil {
			return err
		}
		return o.told(sub, "Unsubscribed", "from")
	})
}

func (o *subscription) told(sub kanban.Sub, did, preposition string) error {
	if o.json {
		return view.JSON(o.Out, view.NewSubs([]kanban.Sub{sub})[0])
	}
	o.printf("%s %s %s %s\n", did, view.Plain(sub.Where()), preposition, view.Plain(string(sub.Task)))
	return nil
}

// profile is the active profile, empty if there is none.
func (a *app) profile() string {
	for _, name := range []string{"HERMES_PROFILE_NAME", "HERMES_PROFILE"} {
		if v := strings.TrimSpace(a.Env(name)); v != "" {
			return v
		}
	}
	return ""
}

func ownPlatforms() []string {
	names := make([]string, len(config.TargetKinds))
	for i, k := range config.TargetKinds {
		names[i] = string(k)
	}
	return names
}

// targetSub is a subscription of a target of andon.yaml, yet without a card.
func (s *session) targetSub(name string) (kanban.Sub, error) {
	t, known := s.config.Notify.Targets[strings.TrimSpace(name)]
	if !known {
		return kanban.Sub{}, s.noTarget(name)
	}
	return kanban.Sub{Platform: string(t.Kind), ChatID: strings.TrimSpace(name)}, nil
}

func (s *session) noTarget(name string) error {
	known := "none is there yet: describe one under notify.targets"
	if names := s.config.TargetNames(); len(names) > 0 {
		known = "it has " + strings.Join(names, ", ")
	}
	return &kanban.Error{Code: kanban.NotFound, Msg: fmt.Sprintf("no target %q in %s", name, s.home.ConfigFile()), Hint: known}
}

// ownTarget refuses a subscription of one of andon's own platforms that nobody
// would ever deliver. Those of other programs are theirs to judge.
func (s *session) ownTarget(sub kanban.Sub) error {
	platform := strings.ToLower(strings.TrimSpace(sub.Platform))
	if !slices.Contains(ownPlatforms(), platform) {
		return nil
	}
	t, err := s.targetSub(sub.ChatID)
	if err == nil && t.Platform != platform {
		err = &kanban.Error{Code: kanban.Invalid, Msg: fmt.Sprintf("the target %s is a %s, and no %s", t.ChatID, t.Platform, platform),
			Hint: "`--target " + t.ChatID + "` takes what it is"}
	}
	return err
}
