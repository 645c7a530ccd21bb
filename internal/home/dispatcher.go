package home

import (
	"encoding/json"
	"fmt"
	"os"

	"andon/internal/fsx"
	"andon/internal/proc"
)

// holder is what a dispatcher writes beside its lock, for people: who holds the
// lock is what counts.
type holder struct {
	Host  string `json:"host"`
	PID   int    `json:"pid"`
	Start string `json:"start"`
}

func (h Home) holderFile() string { return h.DispatcherLock() + ".holder" }

// NoteDispatcher says that this process is the home's dispatcher.
func (h Home) NoteDispatcher() {
	self := proc.Self()
	if text, err := json.Marshal(holder{proc.Hostname(), self.PID, self.Start}); err == nil {
		_ = fsx.WriteFile(h.holderFile(), append(text, '\n'), 0o644)
	}
}

// Dispatcher names the process that holds [Home.DispatcherLock], as far as it can
// be known: Hermes does not say.
func (h Home) Dispatcher() string {
	var o holder
	text, err := os.ReadFile(h.holderFile())
	if err != nil || json.Unmarshal(text, &o) != nil || o.PID == 0 {
		return "a process that does not say which, such as a Hermes gateway"
	}
	if o.Host == proc.Hostname() && !(proc.ID{PID: o.PID, Start: o.Start}).Alive() {
		return "a process that does not say which, such as a Hermes gateway"
	}
	return fmt.Sprintf("process %d on %s", o.PID, o.Host)
}
