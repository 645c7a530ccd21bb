package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// newHelp is cobra's help but for one thing: a word that names nothing is a
// wrong call, and not a success.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", GroupID: "more",
		Short: "show help for a command or a topic",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			if len(args) == 0 {
				for _, c := range cmd.Root().Commands() {
					if c.IsAvailableCommand() || c.IsAdditionalHelpTopicCommand() {
						names = append(names, cobra.CompletionWithDesc(c.Name(), c.Short))
					}
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usagef("no help about %q; `andon help` lists the commands and topics", strings.Join(args, " "))
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

// topic is a text that help shows; it is no command.
func topic(name, short, text string) *cobra.Command {
	return &cobra.Command{Use: name, GroupID: "more", Short: short, Long: strings.TrimSpace(text)}
}

func newExitCodes(*app) *cobra.Command {
	return topic("exit-codes", "what the exit status of a command means", `
What the exit status of a command means

  0  done. What was asked is so, or was so already.
  1  it was refused, or could not be done: an unknown id, a card whose status
     does not allow it, a value that breaks a rule, a board that is busy,
     damaged or may not be written. Nothing was changed, unless the line says
     that the outcome is unknown, or that the answer could not be written: then
     read the card before repeating.
  2  the call is wrong: an unknown command or flag, a missing argument, a value
     that cannot be read. The board was not touched.

With a status other than 0 there is one line on standard error that begins with
"andon: "; standard output has what was done before, and with --json is JSON or
empty. A command that takes several ids does each of them, one line for each,
and ends with 1 if any was refused.

Commands that run until they are told to end, such as watch, tail and
log --follow, end with 0 upon Ctrl-C.

What a worker's own exit status means to andon:

  0  as on_exit of its profile in andon.yaml says: with complete the card is
     done; with protocol the worker must have reported, and one that has not is
     a failure.
  75 it met a rate limit. The card rests and is tried again; this is no failure.
  any other, or a signal: the run has crashed, which counts as a failure.
`)
}

func newEnvironment(*app) *cobra.Command {
	return topic("environment", "the variables that andon reads, and those workers get", `
The variables that andon reads

Each has a second name for workers and scripts of Hermes, with HERMES_KANBAN_ in
place of ANDON_; the first name wins. A flag wins over both.

  ANDON_HOME    folder that holds the boards and andon.yaml (--home); ~/.andon
  ANDON_BOARD   board to work on (--board); the current one, else default
  ANDON_DB      database of the board (--db): a file, which a home or board that a
                flag names wins over; or postgres://USER@HOST/DATABASE, which
                has many boards, and a home that a flag names wins over

  ANDON_BUSY_TIMEOUT_MS              wait for others who write; 120000
  ANDON_CLAIM_TTL_SECONDS            a claim holds so long without renewal; 900
  ANDON_CRASH_GRACE_SECONDS          so long after its start no worker is judged
                                     dead; 30
  ANDON_RATE_LIMIT_COOLDOWN_SECONDS  rest of a card after a rate limit; 300, and
                                     0 is none
  ANDON_WORKSPACES_ROOT              folder for the scratch workspaces
  ANDON_ATTACHMENTS_ROOT             folder for the files kept with cards

A number that is none, or too small, is passed over.

  HERMES_PROFILE_NAME, HERMES_PROFILE   who a command speaks for; user
  NO_COLOR                              not empty: no colours on a terminal
  VISUAL, EDITOR                        what create, edit and board open on a terminal; vi

What a worker gets

The environment of the dispatcher and the env of its profile, and these, each as
ANDON_... and as HERMES_KANBAN_... alike:

  TASK             id of its card; commands take it where an id is left out
  RUN_ID           number of its run: a worker that was superseded by a later
                   run can move its card no more
  CLAIM_LOCK       the lock that its run holds
  DB, BOARD        the board; so its commands find it from any folder
  WORKSPACE        folder to work in, which is also where it starts
  WORKSPACES_ROOT  folder of the scratch workspaces
  BRANCH           branch of the card, if it has one
  GOAL_MODE, GOAL_MAX_TURNS  if the card has goal mode

and these, which have one name each:

  ANDON_PROMPT_FILE  file with the text that context prints
  ANDON_TOKEN        makes "andon mcp" the worker of this run, and of no later one,
                     where the rest of the environment does not reach; its bearer is
                     that worker at "andon serve", too
  ANDON_CHECK        in a check alone: BOARD/NUMBER, the mark of its processes, by
                     which "complete" knows that it is not to be called there
  ANDON_RUN          BOARD/RUN, the mark of its process tree: whatever carries
                     it is ended with the run
  HERMES_PROFILE, HERMES_TENANT         its profile; the tenant of the card
  HERMES_SESSION_SOURCE                 kanban
  TERMINAL_CWD                          the workspace
  TERMINAL_TIMEOUT, TERMINAL_MAX_FOREGROUND_TIMEOUT  raised to fit max runtime

What a command that is a target of notifications gets

The environment of "andon notify run", the board as ANDON_HOME, ANDON_BOARD and
ANDON_DB, and of the message ANDON_NOTIFY_ID, ANDON_NOTIFY_TARGET,
ANDON_NOTIFY_KIND, ANDON_NOTIFY_TASK and ANDON_NOTIFY_TEXT.
`)
}
