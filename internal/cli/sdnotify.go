package cli

import (
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// hung is how long the dispatcher may take to come round before the service manager
// hears nothing more of it. A pass waits for boards that others hold and for workers
// to end; together they take less.
const hung = 10 * time.Minute

// manager is the service manager that started this process, which listens on a socket
// (sd_notify). The zero value is none.
type manager struct {
	socket string
	every  time.Duration // from one sign of life to the next; zero: none is wanted
	turned atomic.Int64  // when the dispatcher last came round
}

func newManager(env func(string) string) *manager {
	m := &manager{socket: env("NOTIFY_SOCKET")}
	if pid := env("WATCHDOG_PID"); pid == "" || pid == strconv.Itoa(os.Getpid()) {
		if us, err := strconv.ParseInt(env("WATCHDOG_USEC"), 10, 64); err == nil && us > 0 {
			m.every = time.Duration(us) * time.Microsecond / 2
		}
	}
	return m
}

// tell sends a state. That nobody listens is no reason not to work.
func (m *manager) tell(state string) {
	if m.socket == "" {
		return
	}
	name := m.socket
	if strings.HasPrefix(name, "@") {
		name = "\x00" + name[1:]
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		return
	}
	defer c.Close()
	_, _ = c.Write([]byte(state))
}

// turn notes that the dispatcher has come round; the first time, that it serves.
func (m *manager) turn() {
	if m.turned.Swap(time.Now().UnixNano()) == 0 {
		m.tell("READY=1")
	}
}

// live gives signs of life until stopped, as long as the dispatcher comes
// round.
func (m *manager) live(stopped <-chan struct{}) {
	if m.socket == "" || m.every <= 0 {
		return
	}
	tick := time.NewTicker(m.every)
	defer tick.Stop()
	for {
		select {
		case <-stopped:
			return
		case <-tick.C:
			if was := m.turned.Load(); was == 0 || time.Since(time.Unix(0, was)) < hung {
				m.tell("WATCHDOG=1")
			}
		}
	}
}
