package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"
	"unicode"

	"andon/internal/yamlx"
)

// Card is what a command may say of the work it is started for.
type Card struct {
	ID, Title, Prompt, PromptFile, Workspace, Board string

	Run     int64
	Attempt int // from 1

	// What presets say besides; a command of one's own has no fields for it.
	Profile, Model, Provider, Effort string
	Skills                           []string
	Goal                             bool
	Server                           Server
}

// MaxArg is the longest argument a process can be started with on Linux:
// 128 KiB with the closing NUL. It is kept everywhere, so that a profile which
// works on one host works on the next.
const MaxArg = 128<<10 - 1

var (
	cardFields   = []string{"ID", "Title", "Run", "Prompt", "PromptFile", "Workspace", "Board", "Attempt"}
	checkFields  = []string{"ID", "Title", "Run", "Workspace", "Board"}
	scriptFields = []string{"ID", "Run", "Workspace"}
)

func (c Card) field(name string) string {
	switch name {
	case "ID":
		return c.ID
	case "Title":
		return c.Title
	case "Run":
		return strconv.FormatInt(c.Run, 10)
	case "Prompt":
		return c.Prompt
	case "PromptFile":
		return c.PromptFile
	case "Workspace":
		return c.Workspace
	case "Board":
		return c.Board
	case "Attempt":
		return strconv.Itoa(c.Attempt)
	}
	panic("config: no field " + name + " of a card; compile lets none pass")
}

// Argv renders the command for one card, element by element; nothing in the
// card can add an element, and in a script only [Card] fields that cannot be
// code are let in. It fails where an element could not be passed to a process:
// above [MaxArg], or with a NUL.
func (p Profile) Argv(c Card) ([]string, error) {
	elements, bad := compile(p.command())
	return render(elements, bad, "command", c, p.presetArgs(c))
}

// command is what is started, before what its preset adds.
func (p Profile) command() []string {
	if p.Preset == PresetShell && len(p.Command) == 1 {
		return Shell(p.Command[0])
	}
	return p.Command
}

// CheckArgv renders the check for one card, as [Profile.Argv] does the command.
func (p Profile) CheckArgv(c Card) ([]string, error) {
	elements, bad := compileCheck(p.Check)
	return render(elements, bad, "check", c, nil)
}

// render makes the arguments of a compiled command, which are followed by more.
func render(elements []element, bad *badElement, what string, c Card, more []string) ([]string, error) {
	if bad != nil {
		return nil, fmt.Errorf(what+"[%d]: %s", bad.index, bad.msg)
	}
	argv := make([]string, len(elements))
	for i, e := range elements {
		s, why := e.render(c)
		if why != "" {
			return nil, fmt.Errorf(what+"[%d]: %s", i, why)
		}
		argv[i] = s
	}
	argv = append(argv, more...)
	for i, s := range argv {
		switch {
		case strings.Contains(s, "\x00"):
			return nil, fmt.Errorf(what+"[%d]: it has a NUL, which no argument can hold; take it out of the card", i)
		case len(s) > MaxArg:
			return nil, fmt.Errorf(what+"[%d]: %d bytes are too long for one argument, which holds %d; pass the text by {{.PromptFile}} or with \"stdin: prompt\"", i, len(s), MaxArg)
		}
	}
	return argv, nil
}

// element is one argument: texts and fields by turns.
type element struct {
	parts []part
	place place
}

// part is a literal text, or the field named.
type part struct{ text, field string }

func (e element) render(c Card) (_, why string) {
	var b strings.Builder
	for _, p := range e.parts {
		s := p.text
		if p.field != "" {
			s = c.field(p.field)
			if e.place == inScript && !harmless(s) {
				return "", fmt.Sprintf("{{.%s}} stands inside a script and is %q, which a shell could read as code; use \"$ANDON_%s\" there", p.field, yamlx.Shorten(s), strings.ToUpper(p.field))
			}
		}
		b.WriteString(s)
	}
	return b.String(), ""
}

// harmless says whether no shell sees anything but one word in s. A card's
// author may choose its workspace, so a path is not innocent by being one.
func harmless(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(`/\._-+@:,=~`, r)
	})
}

// badElement is why a command is refused, and the element that is to blame.
type badElement struct {
	index int
	msg   string
}

// compile reads every element and holds it against its place in the command.
func compile(command []string) ([]element, *badElement) {
	places := placesOf(command)
	elements := make([]element, len(command))
	for i, text := range command {
		parts, why := parseElement(text)
		e := element{parts, places[i]}
		if why == "" {
			why = e.refusal(text)
		}
		if why != "" {
			return nil, &badElement{i, why}
		}
		elements[i] = e
	}
	return elements, nil
}

// compileCheck is [compile] for a check, which is run when there is no prompt any
// longer, and maybe not by who started the worker.
func compileCheck(check []string) ([]element, *badElement) {
	for i, text := range check {
		parts, _ := parseElement(text) // what is wrong with it, compile says
		for _, p := range parts {
			if p.field != "" && !slices.Contains(checkFields, p.field) {
				return nil, &badElement{i, fmt.Sprintf("{{.%s}} is not known to a check; allowed: plain text and %s, in a script only %s",
					p.field, list(checkFields), list(scriptFields))}
			}
		}
	}
	return compile(check)
}

func (e element) refusal(text string) string {
	if strings.Contains(text, "\x00") {
		return "it has a NUL, which no argument can hold; leave it out"
	}
	if len(text) > MaxArg {
		return fmt.Sprintf("%d bytes are too long for one argument, which holds %d; put the script in a file", len(text), MaxArg)
	}
	for _, p := range e.parts {
		switch {
		case p.field == "":
		case e.place == inScript && !slices.Contains(scriptFields, p.field):
			return fmt.Sprintf("{{.%s}} is not allowed where it could run as code; allowed here: %s; %s", p.field, list(scriptFields), detour(p.field))
		case e.place == inParameter && len(e.parts) > 1 && !slices.Contains(scriptFields, p.field):
			return fmt.Sprintf("{{.%s}} is mixed with other text in a parameter of a script; give it an element of its own", p.field)
		}
	}
	return ""
}

func detour(field string) string {
	if field == "Prompt" || field == "PromptFile" {
		return `for the prompt use "$ANDON_PROMPT_FILE" or "stdin: prompt"`
	}
	return fmt.Sprintf("in a shell, pass {{.%s}} as an element of its own after the script, where it is \"$1\" if one word precedes it", field)
}

func list(fields []string) string {
	return "{{." + strings.Join(fields, "}}, {{.") + "}}"
}

// parseElement reads one template and refuses all but texts and plain fields.
// The parser of text/template is used alone: the engine would bring functions,
// methods and panics for which a command has no use.
func parseElement(text string) (parts []part, why string) {
	// The text is its own template's name because no definition inside it can
	// take that name; so every definition shows up beside it.
	tree := parse.New(text)
	tree.Mode = parse.SkipFuncCheck
	set := map[string]*parse.Tree{}
	if _, err := tree.Parse(text, "", "", set); err != nil {
		msg := strings.TrimPrefix(err.Error(), "template: "+text+":")
		if _, after, ok := strings.Cut(msg, ": "); ok {
			msg = after
		}
		return nil, fmt.Sprintf("no template: %s; allowed: plain text and %s", yamlx.OneLine(msg), list(cardFields))
	}
	for name := range set {
		if name != text {
			return nil, fmt.Sprintf("a template definition %q is not allowed; allowed: plain text and %s", name, list(cardFields))
		}
	}
	for _, n := range tree.Root.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			parts = append(parts, part{text: string(n.Text)})
		case *parse.ActionNode:
			name, ok := plainField(n)
			if !ok || !slices.Contains(cardFields, name) {
				near := ""
				if ok {
					near = yamlx.Nearest(name, cardFields)
				}
				if near != "" {
					return nil, fmt.Sprintf("%s is no field of a card; did you mean {{.%s}}?", n, near)
				}
				return nil, fmt.Sprintf("%s is not allowed; allowed: plain text and %s", yamlx.Shorten(n.String()), list(cardFields))
			}
			parts = append(parts, part{field: name})
		default:
			return nil, fmt.Sprintf("%s is not allowed; allowed: plain text and %s", yamlx.Shorten(yamlx.OneLine(n.String())), list(cardFields))
		}
	}
	return parts, ""
}

func plainField(n *parse.ActionNode) (string, bool) {
	if len(n.Pipe.Decl) > 0 || len(n.Pipe.Cmds) != 1 || len(n.Pipe.Cmds[0].Args) != 1 {
		return "", false
	}
	f, ok := n.Pipe.Cmds[0].Args[0].(*parse.FieldNode)
	if !ok || len(f.Ident) != 1 {
		return "", false
	}
	return f.Ident[0], true
}
