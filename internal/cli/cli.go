// Package cli is the command line: one file per verb. A verb reads its words,
// calls the board and shows the answer; what is allowed, the board says.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"andon/internal/home"
	"andon/internal/netguard"
	"andon/internal/view"
	"andon/kanban"
)

// IO is all that a verb has of the world besides the board.
type IO struct {
	In       io.Reader
	Out, Err io.Writer
	Env      func(string) string
	UserHome string // the user's home folder; empty if unknown
	Terminal bool   // Out is a terminal

	Interactive bool // In and Out are: a person is there, who can be asked
	Colour      bool // a terminal that shows colours, to a user who wants them
	Width       int  // of the terminal, in columns; zero if unknown
	Zone        *time.Location
	Now         func() time.Time
	Self        string // this program's file, for the processes it starts
	Web         netguard.Guard
}

// app is one call of the command.
type app struct {
	IO
	places home.Flags
	json   bool

	input  io.Reader // In, until Ctrl-C
	inVerb bool      // the words were understood
}

// Main runs the command and returns its exit status. What went wrong is one
// line on Err.
func Main(ctx context.Context, args []string, io IO) int {
	a := &app{IO: io, input: &input{ctx, io.In}}
	out := &answer{to: io.Out}
	if !io.Terminal { // an editor and the board on a terminal need the terminal itself
		a.Out = out
	}
	root := a.root()
	root.SetArgs(minus(root, spread(args)))
	root.SetIn(io.In)
	root.SetOut(a.Out)
	root.SetErr(io.Err)
	cmd, err := root.ExecuteContextC(ctx)
	err = out.judge(err)
	if err == nil {
		return view.ExitOK
	}
	if errors.Is(err, errSaid) {
		return view.ExitRefused
	}
	if !a.inVerb && kanban.CodeOf(err) == kanban.Internal {
		hint := fmt.Sprintf("`%s --help` shows how it is called", cmd.CommandPath())
		if like := suggest(cmd, args); len(like) > 0 {
			hint = fmt.Sprintf("did you mean %s? %s", strings.Join(like, " or "), hint)
		}
		err = &kanban.Error{Code: kanban.Usage, Err: err, Msg: err.Error(), Hint: hint}
	}
	a.say(err)
	return view.Exit(err)
}

// suggest lists the commands of cmd that are like the first of the words that
// could be one.
func suggest(cmd *cobra.Command, args []string) []string {
	led := len(strings.Fields(cmd.CommandPath())) - 1 // words that led to cmd
	for i, word := range args {
		isValue := i > 0 && strings.HasPrefix(args[i-1], "--") && !strings.Contains(args[i-1], "=") && args[i-1] != "--json"
		if strings.HasPrefix(word, "-") || isValue || !cmd.HasSubCommands() {
			continue
		}
		if led == 0 {
			return cmd.SuggestionsFor(word)
		}
		led--
	}
	return nil
}

// errSaid ends a verb that has told what went wrong already, with status 1.
var errSaid = errors.New("said already")

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "andon",
		Short: "a durable kanban board for fleets of AI agents and the people who run them",
		Long: `andon keeps a board of cards in one file that many processes share: agents,
a dispatcher, people at a terminal. Cards go from created to done through real
worker processes, and no crash loses a card or runs it twice.`,
		Example: `  andon demo                                    watch it work
  andon init                                    make a home and an andon.yaml
  andon create "Write the letter" --assignee ada
  andon run                                     start the dispatcher`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRun:  func(*cobra.Command, []string) { a.inVerb = true },
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},

		DisableSuggestions:         true, // cobra's take several lines
		SuggestionsMinimumDistance: 2,
	}
	f := root.PersistentFlags()
	f.StringVar(&a.places.Home, "home", "", "folder that holds the boards (ANDON_HOME; default ~/.andon)")
	f.StringVar(&a.places.Board, "board", "", "board to work on (ANDON_BOARD; default the current one)")
	f.StringVar(&a.places.DB, "db", "", "database of the board: a file, or postgres://... (ANDON_DB)")
	f.BoolVar(&a.json, "json", false, "print JSON")
	root.SetHelpCommandGroupID("more")
	root.AddGroup(
		&cobra.Group{ID: "cards", Title: "Cards:"},
		&cobra.Group{ID: "look", Title: "Looking:"},
		&cobra.Group{ID: "work", Title: "Running:"},
		&cobra.Group{ID: "more", Title: "More:"},
	)
	for _, make := range verbs {
		cmd := make(a)
		a.complete(cmd)
		for _, action := range cmd.Commands() {
			a.complete(action)
		}
		root.AddCommand(cmd)
	}
	a.completeFlag(root, "board", a.boards)
	root.SetHelpCommand(newHelp())
	return root
}

// verbs makes the commands, in the order of the help. A verb's file has the
// constructor; this list and that file are all there is to add.
var verbs = []func(*app) *cobra.Command{
	newCreate,
	newList,
	newSearch,
	newGraph,
	newShow,
	newRuns,
	newPS,
	newLog,
	newContext,
	newWhy,
	newDiagnostics,
	newStats,
	newCost,
	newAssignees,
	newEvents,
	newWatch,
	newTail,
	newBoard,
	newApply,
	newSwarm,
	newRoutine,
	newSpecify,
	newDecompose,
	newEdit,
	newAssign,
	newReassign,
	newSetModel,
	newSetEffort,
	newLink,
	newUnlink,
	newComment,
	newAttach,
	newAttachments,
	newAttachRm,
	newBlock,
	newUnblock,
	newSchedule,
	newPromote,
	newComplete,
	newRequestReview,
	newReopenReview,
	newArchive,
	newDelete,
	newUndo,
	newRun,
	newDispatch,
	newPause,
	newResume,
	newDrain,
	newService,
	newClaim,
	newHeartbeat,
	newInbox,
	newReclaim,
	newCancel,
	newUnguard,
	newAgents,
	newMCP,
	newServe,
	newNotify,
	dashed(newNotifySubscribe),
	dashed(newNotifyUnsubscribe),
	dashed(newNotifyList),
	newSupervise,
	newInit,
	newBoards,
	newDoctor,
	newConfig,
	newDemo,
	newBench,
	newBenchWorker,
	newCheck,
	newRepair,
	newBackup,
	newRestore,
	newGC,
	newWorktrees,
	newExport,
	newImport,
	newVersion,
	newCompletion,
	newExitCodes,
	newEnvironment,
}

func init() { cobra.EnableCommandSorting = false }

// words is what help says of a verb.
type words struct {
	use     string
	aliases []string
	group   string // cards, look, work, more
	short   string
	long    string
	example string
	exits   string // what status 1 means, besides the ordinary; may be empty
}

// verb makes a command. Its exit statuses are part of its help.
func verb(w words, args cobra.PositionalArgs, run func(context.Context, []string) error) *cobra.Command {
	long := w.long
	if long == "" {
		long = strings.ToUpper(w.short[:1]) + w.short[1:] + "."
	}
	refused := "refused, unknown id, or it could not be done"
	if w.exits != "" {
		refused = w.exits
	}
	long += "\n\nExit status: 0 done; 1 " + refused + "; 2 the call is wrong."
	return &cobra.Command{
		Use: w.use, Aliases: w.aliases, GroupID: w.group, Short: w.short, Long: long, Example: w.example,
		Args: args,
		RunE: func(cmd *cobra.Command, args []string) error { return run(cmd.Context(), args) },
	}
}

// noWords is for verbs that take flags alone.
func noWords(cmd *cobra.Command, args []string) error {
	if len(args) == 0 || cmd.HasSubCommands() {
		return cobra.NoArgs(cmd, args)
	}
	return fmt.Errorf("%s takes no words, and was given %q", cmd.CommandPath(), args[0])
}

func usagef(format string, args ...any) error {
	return &kanban.Error{Code: kanban.Usage, Msg: fmt.Sprintf(format, args...)}
}

// say tells what went wrong, in one line.
func (a *app) say(err error) {
	fmt.Fprintf(a.Err, "andon: %s\n", view.Plain(strings.TrimSpace(err.Error())))
}

// warn says something on Err that does not stop the verb.
func (a *app) warn(format string, args ...any) {
	fmt.Fprintf(a.Err, "andon: warning: %s\n", view.Plain(fmt.Sprintf(format, args...)))
}

// style is how rows look on Out.
func (a *app) style() view.Style {
	if !a.Terminal {
		return view.Style{Zone: a.Zone}
	}
	return view.Style{Colour: a.Colour, Width: a.Width, Zone: a.Zone}
}

func (a *app) printf(format string, args ...any) { fmt.Fprintf(a.Out, format, args...) }

// counted tells of a number of things in words.
func counted[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
