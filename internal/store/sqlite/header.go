package sqlite

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"andon/kanban"
)

// checkHeader refuses a file that is no SQLite database before SQLite sees it,
// with words that help to find out what wrote it. The file is named to the user
// by path. It is opened here, so the caller is [alone] with it.
func checkHeader(file, path string) error {
	f, err := os.Open(file)
	if err != nil {
		return nil // SQLite will say it better
	}
	defer f.Close()
	head := make([]byte, 64)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	head = head[:n]
	if len(head) == 0 || bytes.HasPrefix(head, []byte("SQLite format 3\x00")) {
		return nil
	}
	msg := fmt.Sprintf("file is not a database: invalid SQLite header for %s", path)
	if isTLS(head) || bytes.HasPrefix(head, []byte("SQLit")) && isTLS(head[5:]) {
		msg += " (it holds a TLS record: a program wrote network traffic into it)"
	}
	return &kanban.Error{Code: kanban.Damaged, Msg: fmt.Sprintf("%s, first_32=% x", msg, head[:min(32, len(head))]),
		Hint: "move it away, or name another with --db or --home"}
}

// isTLS recognises the five bytes that begin a TLS record.
func isTLS(b []byte) bool {
	if len(b) < 5 {
		return false
	}
	length := binary.BigEndian.Uint16(b[3:])
	return b[0] >= 0x14 && b[0] <= 0x17 && b[1] == 3 && b[2] <= 4 && length >= 1 && length <= 18432
}
