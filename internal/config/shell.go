package config

import (
	"runtime"
	"slices"
	"strings"
)

// Shell is the command that runs a script.
func Shell(script string) []string {
	if runtime.GOOS == "windows" {
		return []string{"cmd", "/d", "/c", script}
	}
	return []string{"sh", "-c", script}
}

// place is what becomes of an element of a command, from the most lenient.
type place int

const (
	inArgument  place = iota // an argument of a program: any field, mixed with text or not
	inParameter              // $0, $1 ... of a script: a field alone, or text
	inScript                 // a text that is run, or chooses what is run: no field that could be code
)

var (
	shells = strings.Fields("sh bash dash zsh ksh fish ash mksh csh tcsh rbash nu")

	// Programs which start the program named among their arguments.
	wrappers = strings.Fields("env nice nohup timeout setsid stdbuf ionice chrt taskset sudo doas time busybox xvfb-run systemd-run " +
		"docker podman nerdctl bwrap firejail flatpak-spawn caffeinate wsl xargs unshare chroot")

	// Programs which run the argument after one of these options, or one that
	// is joined to it.
	evaluators = map[string][]string{
		"python": {"-c"}, "python3": {"-c"}, "pypy3": {"-c"},
		"perl": {"-e", "-E"}, "ruby": {"-e"}, "lua": {"-e"}, "php": {"-r"}, "osascript": {"-e"},
		"node": {"-e", "--eval", "-p", "--print"}, "bun": {"-e", "--eval", "-p", "--print"}, "deno": {"eval"},

		"su": {"-c", "--command"}, "runuser": {"-c", "--command"}, "script": {"-c", "--command"}, "flock": {"-c", "--command"},
	}

	// Options of interpreters whose next argument is their value, not a script.
	withValue = []string{"-W", "-X", "-r", "--require", "--import", "-C", "-I"}
)

// placesOf finds in a command the elements that some shell would run. It errs
// upon the strict side: a refusal at load is mended in a minute.
func placesOf(command []string) []place {
	places := make([]place, len(command))
	if len(command) == 0 {
		return places
	}
	places[0] = inScript // it chooses the program
	raise := func(from, to int, p place) {
		for i := from; i < min(to, len(places)); i++ {
			places[i] = max(places[i], p)
		}
	}
	wrapped := slices.Contains(wrappers, base(command[0]))
	for i, word := range command {
		if i > 0 && !wrapped {
			break
		}
		name, rest := base(word), command[i+1:]
		switch {
		case slices.Contains(shells, name):
			from, script := shellScript(rest)
			raise(i, i+1+from, inScript)
			if script {
				raise(i+1+from, len(command), inParameter)
			}
		case slices.Contains([]string{"powershell", "pwsh"}, name):
			raise(i, i+1+powershellScript(rest), inScript)
		case name == "cmd" || name == "ssh" || i == 0 && isBatch(word):
			// These join all their arguments to one line, and a shell reads it.
			raise(i, len(command), inScript)
		case name == "env":
			for j, arg := range rest {
				if strings.HasPrefix(arg, "-") && strings.Contains(arg, "S") || strings.HasPrefix(arg, "--s") {
					raise(i+1+j, i+3+j, inScript) // env -S splits its argument into a command
				}
			}
		}
		for _, j := range evaluated(name, rest) {
			raise(i+1+j, i+3+j, inScript)
		}
	}
	return places
}

// evaluated finds the options by which a program is told to run the next
// argument. What follows an interpreter's script file is the script's own.
func evaluated(name string, args []string) (at []int) {
	var before string
	for j, arg := range args {
		for _, option := range evaluators[name] {
			cluster := len(option) == 2 && strings.HasPrefix(arg, "-") && !strings.HasPrefix(arg, "--") && strings.Contains(arg, option[1:])
			if cluster || arg == option || strings.HasPrefix(arg, option+"=") {
				at = append(at, j)
			}
		}
		operand := !strings.HasPrefix(arg, "-") && !slices.Contains(withValue, before)
		if operand && !slices.Contains(evaluators[name], "--command") {
			break
		}
		before = arg
	}
	return at
}

// shellScript reads the arguments of a Unix shell: how many of them, up to and
// with the first operand, choose what it runs, and whether that operand is the
// script itself rather than a file.
func shellScript(args []string) (through int, script bool) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--" || arg == "-":
			return i + 2, script
		case arg == "--command" || arg == "--init-command":
			script = true
		case arg == "--rcfile" || arg == "--init-file":
			i++
		case strings.HasPrefix(arg, "--"):
		case strings.HasPrefix(arg, "-") || strings.HasPrefix(arg, "+"):
			script = script || arg[0] == '-' && strings.ContainsAny(arg, "cC")
			i += strings.Count(arg, "o") + strings.Count(arg, "O") // each names an option in an argument of its own
		default:
			return i + 1, script
		}
	}
	return len(args), script
}

// powershellScript counts the arguments which choose what PowerShell runs. All
// of them do, for -Command joins whatever follows it, unless -File names a
// script: what comes after its name is handed over as it is.
func powershellScript(args []string) int {
	for i := 0; i < len(args); i++ {
		arg := strings.ToLower(args[i])
		switch {
		case len(arg) > 1 && (strings.HasPrefix("-file", arg) || arg == "/file"):
			return i + 2
		case slices.Contains([]string{"-executionpolicy", "-ep", "-ex", "-windowstyle", "-w", "-workingdirectory", "-wd"}, arg):
			i++
		case !strings.HasPrefix(arg, "-"), strings.HasPrefix("-command", arg), strings.HasPrefix("-encodedcommand", arg), arg == "-ec":
			return len(args)
		}
	}
	return len(args)
}

// runsStdin says whether the command takes a program from its standard input,
// as a bare shell does; a prompt given there would be run.
func runsStdin(command []string) bool {
	wrapped := slices.Contains(wrappers, base(command[0]))
	for i, word := range command {
		if i > 0 && !wrapped {
			break
		}
		name, rest := base(word), command[i+1:]
		_, evaluates := evaluators[name]
		operand := slices.ContainsFunc(rest, func(s string) bool { return !strings.HasPrefix(s, "-") })
		switch {
		case slices.Contains(shells, name):
			through, script := shellScript(rest)
			fromInput := slices.ContainsFunc(rest[:min(through, len(rest))], func(s string) bool {
				return s == "-s" || s == "/dev/stdin" || !strings.HasPrefix(s, "--") && strings.HasPrefix(s, "-") && strings.Contains(s, "s")
			})
			if !script && (fromInput || !operand) {
				return true
			}
		case evaluates && !operand,
			slices.Contains([]string{"powershell", "pwsh", "cmd"}, name) && (len(rest) == 0 || rest[len(rest)-1] == "-"):
			return true
		}
	}
	return false
}

// base is the name of a program without folder, ".exe" and, for python3.12 and
// its like, the version.
func base(word string) string {
	name := strings.ToLower(word[strings.LastIndexAny(word, `/\`)+1:])
	name = strings.TrimSuffix(name, ".exe")
	if before, _, ok := strings.Cut(name, "."); ok && evaluators[before] != nil {
		return before
	}
	return name
}

func isBatch(word string) bool {
	word = strings.ToLower(word)
	return strings.HasSuffix(word, ".bat") || strings.HasSuffix(word, ".cmd")
}
