package worker

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// runLogLimit is how large a log may become while a run writes it. An agent that
// prints without end must not fill the disk in a night.
const runLogLimit = 64 << 20 // bytes

// bound begins the log anew when it has become too large. The agent holds the file
// open, so it cannot be given another: what is there is copied aside, as the one older
// log, and the file is emptied. It appends, so its next line is the first. What it
// writes between the copy and that is lost; a log that is so large is hardly read for
// one line.
func (s *supervisor) bound() {
	limit := s.LogLimit
	if limit <= 0 {
		limit = runLogLimit
	}
	info, err := s.log.Stat()
	if err != nil || info.Size() <= limit {
		return
	}
	s.readMeter()
	old := s.log.Name() + logOld
	if err := aside(s.log.Name(), old); err != nil {
		s.logf("keep the older log: %v", err) // emptied all the same: the disk may be what is full
	}
	err = s.log.Truncate(0)
	if err != nil {
		// On Windows what was opened to append may not shorten, and what is open keeps its
		// name. Elsewhere another run may have the name by now, and it never comes to this.
		err = os.Truncate(s.log.Name(), 0)
	}
	if err != nil {
		s.logf("begin the log anew: %v", err)
		return
	}
	s.logFrom = 0
	fmt.Fprintf(s.log, "--- run %s: the log had reached %d bytes; what stood here is in %s\n", s.run.ID, info.Size(), old)
}

// aside copies a file; whoever reads the copy sees the old one or the whole new one.
func aside(from, to string) (err error) {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.Create(to + ".new")
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	if err = errors.Join(err, dst.Close()); err == nil {
		err = os.Rename(dst.Name(), to)
	}
	if err != nil {
		return errors.Join(err, os.Remove(dst.Name()))
	}
	return nil
}
