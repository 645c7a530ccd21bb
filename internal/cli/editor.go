package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"andon/internal/fsx"
	"andon/kanban"
)

// fillIn lets a person fill a text in with their editor, in a file of its own whose
// name is returned with what stands in it. The caller removes the file or names
// it: nobody shall write a text twice.
func (a *app) fillIn(text string) (file, filled string, err error) {
	dir, err := os.MkdirTemp("", "andon-")
	if err == nil {
		file = filepath.Join(dir, "card.md")
		err = fsx.WriteFile(file, []byte(text), 0o600)
	}
	if err != nil {
		return "", "", &kanban.Error{Code: kanban.Denied, Err: err, Msg: "make a file to be edited: " + err.Error(), Hint: "TMPDIR names the folder for it"}
	}
	edit := a.editor(file)
	edit.Stdin, edit.Stdout, edit.Stderr = a.In, a.Out, a.Err
	ran := edit.Run() // Ctrl-C is the editor's
	back, err := os.ReadFile(file)
	if err == nil && len(back) > 2*kanban.MaxBody {
		err = errors.New("it has more than 2 MiB")
	}
	if ran != nil {
		kept := ""
		if err == nil && string(back) != text {
			kept = "; what was written is in " + file
		} else {
			discard(file)
		}
		return "", "", &kanban.Error{Code: kanban.Invalid, Err: ran, Msg: fmt.Sprintf("the editor %s ended badly: %v%s", a.editorName(), ran, kept),
			Hint: "VISUAL and EDITOR name another"}
	}
	if err != nil {
		return "", "", &kanban.Error{Code: kanban.Invalid, Err: err, Msg: fmt.Sprintf("read what was written in %s: %v", file, err)}
	}
	return file, string(back), nil
}

// editorName is VISUAL, else EDITOR, else the one that every system has.
func (a *app) editorName() string {
	for _, name := range []string{"VISUAL", "EDITOR"} {
		if v := strings.TrimSpace(a.Env(name)); v != "" {
			return v
		}
	}
	if runtime.GOOS == "windows" {
		return "notepad"
	}
	return "vi"
}

// editor runs the editor on a file. The name may have arguments, and where there
// is a shell, quotes.
func (a *app) editor(file string) *exec.Cmd {
	name := a.editorName()
	if runtime.GOOS == "windows" {
		if _, err := exec.LookPath(name); err == nil {
			return exec.Command(name, file)
		}
		words := strings.Fields(name)
		return exec.Command(words[0], append(words[1:], file)...)
	}
	return exec.Command("sh", "-c", name+` "$1"`, name, file)
}

// discard removes the file of [app.fillIn].
func discard(file string) {
	_ = os.RemoveAll(filepath.Dir(file)) // a leftover among the temporary files, at worst
}

// kept is why a text was refused, and where it is.
func kept(err error, file string) error {
	code := kanban.CodeOf(err)
	if code == kanban.Internal {
		code = kanban.Invalid
	}
	return &kanban.Error{Code: code, Err: err, Msg: fmt.Sprintf("%s; what was written is kept in %s", err, file)}
}

// nothing says that an editor was left without effect.
func (a *app) nothing(format string, args ...any) error {
	to := a.Out
	if a.json {
		to = a.Err // there is no object to show
	}
	_, err := io.WriteString(to, fmt.Sprintf(format+"\n", args...))
	return err
}
