//go:build unix

package cli

import (
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// A service manager hears that the dispatcher serves, signs of life, and that it stops;
// another process's watchdog is not ours.
func TestServiceManagerIsTold(t *testing.T) {
	dir, err := os.MkdirTemp("", "sd") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	socket := filepath.Join(dir, "s")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	hear := func(want string) {
		t.Helper()
		buf := make([]byte, 100)
		n, err := c.Read(buf)
		if got := string(buf[:n]); got != want || err != nil {
			t.Fatalf("heard %q, %v; want %q", got, err, want)
		}
	}
	env := map[string]string{"NOTIFY_SOCKET": socket, "WATCHDOG_USEC": "20000"}
	m := newManager(func(name string) string { return env[name] })
	m.turn()
	hear("READY=1")
	m.turn() // says nothing more
	stopped := make(chan struct{})
	var living sync.WaitGroup
	living.Go(func() { m.live(stopped) })
	hear("WATCHDOG=1")
	hear("WATCHDOG=1")
	close(stopped)
	living.Wait()
	m.tell("STOPPING=1")
	for {
		buf := make([]byte, 100)
		n, err := c.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(buf[:n]); got == "STOPPING=1" {
			break
		} else if got != "WATCHDOG=1" {
			t.Fatalf("heard %q", got)
		}
	}
	env["WATCHDOG_PID"] = "1"
	if m := newManager(func(name string) string { return env[name] }); m.every != 0 {
		t.Errorf("signs of life every %s for the watchdog of another", m.every)
	}
}
