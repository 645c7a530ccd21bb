package storetest_test

import (
	"bufio"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"andon/internal/store/storetest"
)

const serveEnv = "ANDON_TEST_SERVE"

// TestServe is the process that the test below kills.
func TestServe(t *testing.T) {
	if os.Getenv(serveEnv) == "" {
		return
	}
	fmt.Println("\n" + storetest.Server(t))
	time.Sleep(time.Minute)
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
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(dir); os.IsNotExist(err) {
			return
		}
		if time.Since(begun) > 20*time.Second {
			t.Fatalf("the server is still at %s", dir)
		}
	}
}
