//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
)

// writer is a person at a terminal, whose editor is a shell script.
type writer struct {
	t            *testing.T
	andon, home  string
	temp, script string
}

func newWriter(t *testing.T) *writer {
	dir := t.TempDir()
	d := &writer{t: t, andon: build(t, dir), home: filepath.Join(dir, "home"), temp: filepath.Join(dir, "my temp"), script: filepath.Join(dir, "ed")}
	if err := os.Mkdir(d.temp, 0o755); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *writer) command(args ...string) *exec.Cmd {
	cmd := exec.Command(d.andon, args...)
	cmd.Env = append(os.Environ(), "ANDON_HOME="+d.home, "TMPDIR="+d.temp, "VISUAL=", "EDITOR=sh "+d.script, "TERM=dumb", "HERMES_PROFILE=")
	return cmd
}

// types runs andon on a terminal of its own. The editor does what the script says
// to the file "$1". It returns the exit status and what the terminal showed.
func (d *writer) types(script string, args ...string) (status int, shown string) {
	d.t.Helper()
	if err := os.WriteFile(d.script, []byte(script), 0o755); err != nil {
		d.t.Fatal(err)
	}
	cmd := d.command(args...)
	terminal, err := pty.Start(cmd)
	if err != nil {
		d.t.Fatal(err)
	}
	defer terminal.Close()
	var out bytes.Buffer
	if _, err := io.Copy(&out, terminal); err != nil && !errors.Is(err, syscall.EIO) { // Linux says so at the end
		d.t.Fatal(err)
	}
	_ = cmd.Wait() // the status says it
	return cmd.ProcessState.ExitCode(), strings.ReplaceAll(out.String(), "\r\n", "\n")
}

type writerCard struct {
	ID, Title, Status string
	Body, Assignee    *string
	Priority          int64
}

func (d *writer) cards() (cards []writerCard) {
	d.t.Helper()
	out, err := d.command("list", "--json").Output()
	if err == nil {
		err = json.Unmarshal(out, &cards)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return cards
}

// left are the files that were kept for the person.
func (d *writer) left() (files []string) {
	files, err := filepath.Glob(filepath.Join(d.temp, "*", "*"))
	if err != nil {
		d.t.Fatal(err)
	}
	return files
}

func (d *writer) wantLeft(n int, shown string) {
	d.t.Helper()
	files := d.left()
	if len(files) != n {
		d.t.Fatalf("%d files are kept, want %d: %v\n%s", len(files), n, files, shown)
	}
	for _, f := range files {
		if !strings.Contains(shown, f) {
			d.t.Errorf("%s is kept and not named: %s", f, shown)
		}
		os.Remove(f)
	}
}

func TestCreateInEditor(t *testing.T) {
	d := newWriter(t)

	// The form has what the flags say, and the notes are not the card's.
	status, shown := d.types(`sed -e 's/^title:$/title: Say "hello": #1/' -i.bak "$1"; rm "$1.bak"; printf '# A heading\n\nA text.\n\n' >> "$1"`,
		"create", "--assignee", "Ada", "--priority", "3")
	cards := d.cards()
	if status != 0 || len(cards) != 1 {
		t.Fatalf("status %d, cards %v:\n%s", status, cards, shown)
	}
	c := cards[0]
	if c.Title != `Say "hello": #1` || *c.Body != "# A heading\n\nA text." || *c.Assignee != "ada" || c.Priority != 3 || c.Status != "ready" {
		t.Errorf("made %+v with the body %q", c, *c.Body)
	}
	if !regexp.MustCompile(`(?m)^Created t_[0-9a-f]{8}  \(ready, assignee=ada\)$`).MatchString(shown) {
		t.Errorf("shown: %s", shown)
	}
	d.wantLeft(0, shown)

	for _, script := range []string{`:`, `: > "$1"`, `touch "$1"`, `printf -- '---\n---\n \n' > "$1"`} {
		status, shown := d.types(script, "create")
		if status != 0 || !strings.Contains(shown, "Nothing was written, and no card made") || len(d.cards()) != 1 {
			t.Errorf("%s: status %d, %s", script, status, shown)
		}
		d.wantLeft(0, shown)
	}
	for script, want := range map[string]string{
		`echo 'a text without a title' >> "$1"`:                                    "title that is not blank",
		`printf 'title: x\n' > "$1"`:                                               "the head must begin and end",
		`printf -- '---\ntitle: x\npriority: high\n---\n' > "$1"`:                  `line 3: the priority is "high"`,
		`printf -- '---\ntitle: x\ncolour: red\n---\n' > "$1"`:                     `there is no field "colour"`,
		`echo written >> "$1"; exit 3`:                                             "ended badly: exit status 3",
		`printf -- '---\ntitle: x\n---\n\377' > "$1"`:                              "UTF-8",
		`printf -- '---\ntitle: x\n---\n' > "$1"; printf a >> "$1"; kill -TERM $$`: "ended badly",
	} {
		status, shown := d.types(script, "create")
		if status != 1 || !strings.Contains(shown, want) || len(d.cards()) != 1 {
			t.Errorf("%s: status %d, %s", script, status, shown)
		}
		d.wantLeft(1, shown)
	}
	status, shown = d.types(`exit 1`, "create")
	if status != 1 || !strings.Contains(shown, "VISUAL and EDITOR name another") {
		t.Errorf("an editor that fails: status %d, %s", status, shown)
	}
	d.wantLeft(0, shown)

	// A text of which a part is given needs no editor; off a terminal nobody is asked.
	status, shown = d.types(`exit 1`, "create", "--body", "x")
	if status != 2 || !strings.Contains(shown, "accepts 1 arg(s), received 0") {
		t.Errorf("with a body: status %d, %s", status, shown)
	}
	out, err := d.command("create").CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 2 || !strings.Contains(string(out), "accepts 1 arg(s), received 0") {
		t.Errorf("off a terminal: %v %s", err, out)
	}
}

func TestEditInEditor(t *testing.T) {
	d := newWriter(t)
	if out, err := d.command("create", "Write", "--body", "To:\n\n# Bath", "--assignee", "ada", "--priority", "2").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	id := d.cards()[0].ID

	// The form shows the card as it is; each field can be changed, in one piece.
	status, shown := d.types(`cp "$1" `+d.home+`/seen; sed -e 's/^title: .*/title: Write again/' -e 's/Bath/Rome/' -e 's/^assignee: ada/assignee: bob/' -e 's/^priority: 2/priority: -1/' -i.bak "$1"; rm "$1.bak"`, "edit", id)
	c := d.cards()[0]
	if status != 0 || !strings.Contains(shown, "Edited "+id) || c.Title != "Write again" || *c.Body != "To:\n\n# Rome" || *c.Assignee != "bob" || c.Priority != -1 {
		t.Fatalf("status %d, %s: %+v", status, shown, c)
	}
	seen, err := os.ReadFile(filepath.Join(d.home, "seen"))
	if want := "title: Write\nassignee: ada\npriority: 2\n---\nTo:\n\n# Bath\n"; err != nil || !strings.HasSuffix(string(seen), want) || !strings.HasPrefix(string(seen), "---\n# Card "+id) {
		t.Errorf("the editor saw (%v)\n%s", err, seen)
	}
	d.wantLeft(0, shown)

	before := d.cards()[0]
	for _, script := range []string{`:`, `: > "$1"`, `echo >> "$1"`, `sed -e '/^# [CL]/d' -i.bak "$1"; rm "$1.bak"`} {
		status, shown := d.types(script, "edit", id)
		if status != 0 || !strings.Contains(shown, "Nothing changed on "+id) {
			t.Errorf("%s: status %d, %s", script, status, shown)
		}
		d.wantLeft(0, shown)
	}

	// What another has changed meanwhile is not written over, and neither text is lost.
	status, shown = d.types(`"`+d.andon+`" edit `+id+` --body "by another" >/dev/null; echo mine >> "$1"`, "edit", id)
	if status != 1 || !strings.Contains(shown, "somebody else has changed its body meanwhile") {
		t.Errorf("status %d, %s", status, shown)
	}
	if files := d.left(); len(files) == 1 {
		if text, err := os.ReadFile(files[0]); err != nil || !strings.Contains(string(text), "# Rome\nmine\n") {
			t.Errorf("kept (%v): %s", err, text)
		}
	}
	d.wantLeft(1, shown)
	status, shown = d.types(`"`+d.andon+`" edit `+id+` --body "by another again" >/dev/null; sed -e 's/^priority: .*/priority: 7/' -i.bak "$1"; rm "$1.bak"`, "edit", id)
	if c := d.cards()[0]; status != 0 || c.Priority != 7 || *c.Body != "by another again" {
		t.Errorf("another field: status %d, %s: %+v", status, shown, c)
	}

	// A rule that refuses one field lets none pass.
	status, shown = d.types(`sed -e 's/^title: .*/title:/' -e 's/^assignee: .*/assignee: carl/' -i.bak "$1"; rm "$1.bak"`, "edit", id)
	if c := d.cards()[0]; status != 1 || c.Title != before.Title || *c.Assignee != *before.Assignee {
		t.Errorf("a blank title: status %d, %s: %+v", status, shown, c)
	}
	d.wantLeft(1, shown)

	status, shown = d.types(`echo never >> "$1"`, "edit", "t_00000000")
	if status != 1 || !strings.Contains(shown, "no card t_00000000") {
		t.Errorf("no such card: status %d, %s", status, shown)
	}
	d.wantLeft(0, shown)
	out, err := d.command("edit", id).CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 2 || !strings.Contains(string(out), "what shall change?") {
		t.Errorf("off a terminal: %v %s", err, out)
	}
}
