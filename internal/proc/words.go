package proc

import "strings"

// LastWords keeps the end of what a program writes to its standard error, for the
// error that tells how it ended.
type LastWords struct{ text []byte }

// wordsKept is how much is kept, in bytes.
const wordsKept = 4096

func (w *LastWords) Write(p []byte) (int, error) {
	w.text = append(w.text, p...)
	if over := len(w.text) - wordsKept; over > 0 {
		w.text = append(w.text[:0], w.text[over:]...)
	}
	return len(p), nil
}

// Line is the last line that is not blank, as the program wrote it.
func (w *LastWords) Line() string {
	text := strings.TrimSpace(strings.ToValidUTF8(string(w.text), "\uFFFD"))
	return text[strings.LastIndexByte(text, '\n')+1:]
}
