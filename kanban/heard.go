package kanban

import "strings"

// Unheard are the remarks after a certain one that others than author made.
func Unheard(comments []Comment, after int64, author string) []Comment {
	var unheard []Comment
	for _, c := range comments {
		if c.ID > after && c.Author != author {
			unheard = append(unheard, c)
		}
	}
	return unheard
}

// Quoted is the remark as a worker reads it: who said it, and then what, quoted.
func (c Comment) Quoted() string {
	return sprintf("comment from `%s`:\n%s\n", strings.ReplaceAll(oneLine(c.Author), "`", ""), Quote(c.Body))
}

// Quote marks every line of a text as somebody's words. No text can end its own
// quotation, whatever fences, headings or tags it has.
func Quote(s string) string {
	s = lineEnds("\n").Replace(s)
	return "> " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n> ")
}

// lineEnds replaces whatever a reader might take for the end of a line.
func lineEnds(by string) *strings.Replacer {
	return strings.NewReplacer("\r\n", by, "\n", by, "\r", by, "\u2028", by, "\u2029", by, "\u0085", by, "\v", by, "\f", by)
}

// oneLine keeps a text to the line on which it stands.
func oneLine(s string) string { return lineEnds(" ").Replace(s) }

// inert is a text in which no line can pass for a part of a brief: those that begin
// as one are quoted. The others stay as they are, for programs read them.
func inert(s string) string {
	lines := strings.Split(lineEnds("\n").Replace(s), "\n")
	for i, line := range lines {
		begin := strings.TrimLeft(line, " \t")
		for _, part := range []string{"#", "_", "```", "~~~", "- `", "- t_", "comment from "} {
			if strings.HasPrefix(begin, part) {
				lines[i] = "> " + line
				break
			}
		}
	}
	return strings.Join(lines, "\n")
}
