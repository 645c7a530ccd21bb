package storetest_test

import (
	"bufio"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"

	"andon/internal/store/storetest"
)

const serveEnv = "ANDON_TEST_SERVE"

// TestServe is the process that the test below kills.
func TestServe(t *testing.T) {
	if os.Getenv(serveEnv) == "" {
		return
	}
	fmt.Println("\n" + storetest.Server(t))
	io.Copy(io.Discard, os.Stdin) // until it is killed, or the test has ended
}

// The server goes, with all it kept, when its process is killed.
func TestServerGoesWithItsProcess(t *testing.T) {
	storetest.Server(t) // skips where there is none
	cmd := exec.Command(os.Args[0], "-test.run=^TestServe$")
	cmd.Env = append(os.Environ(), serveEnv+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	dir := ""
	for lines := bufio.NewScanner(out); dir == "" && lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "postgres://") {
			u, err := url.Parse(lines.Text())
			if err != nil {
				t.Fatal(err)
			}
			dir = u.Query().Get("host")
		}
	}
	if _, err := os.Stat(dir + "/.s.PGSQL.5432"); err != nil {
		t.Fatal(err)
	}
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.Close()
	if err := watcher.Add(filepath.Dir(dir)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	limit := time.After(20 * time.Second)
	for {
		if _, err := os.Stat(dir); os.IsNotExist(err) {
			return
		}
		select {
		case <-watcher.Events: // something beside it came or went: look again
		case <-limit:
			t.Fatalf("the server is still at %s", dir)
		}
	}
}
