package view

import (
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
)

// Elapsed shows a length of time in two figures.
func Elapsed(d time.Duration) string { return elapsed(d) }

// Table sets rows, which are all as long as the first, in columns. What does not
// fit the terminal is cut from the last.
func (st Style) Table(rows [][]string) string {
	widest := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, cell := range r {
			widest[i] = max(widest[i], runewidth.StringWidth(cell))
		}
	}
	var b strings.Builder
	for _, r := range rows {
		line := ""
		for i, cell := range r[:len(r)-1] {
			line += cell + strings.Repeat(" ", widest[i]-runewidth.StringWidth(cell)+2)
		}
		b.WriteString(line + st.cut(r[len(r)-1], runewidth.StringWidth(line)) + "\n")
	}
	return b.String()
}
