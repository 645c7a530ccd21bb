package kanban

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// artifactsKey is where the metadata of a report names what was made.
const artifactsKey = "artifacts"

// Declared lists the paths of what the report says was made, each once: those of
// Artifacts, and those that its metadata names.
func (r Report) Declared() ([]string, error) {
	meta, err := checkObject("the metadata", r.Metadata) // a path is the file's, whatever it looks like
	if err != nil {
		return nil, err
	}
	var paths []string
	if list := ParsePayload(string(meta)).Get(artifactsKey); list != nil {
		text, _ := list.(json.RawMessage)
		var one string
		if json.Unmarshal(text, &paths) != nil {
			paths = []string{""}
			if json.Unmarshal(text, &one) == nil {
				paths[0] = one
			}
		}
	}
	var declared []string
	for _, p := range append(paths, r.Artifacts...) {
		if strings.TrimSpace(p) == "" {
			return nil, Invalidf("the artifacts of a report are a list of paths, none of them blank")
		}
		if err := cleanText("the path of an artifact", p); err != nil {
			return nil, err
		}
		if !slices.Contains(declared, p) {
			declared = append(declared, p)
		}
	}
	return declared, nil
}

// NamesPaths reports whether the report may name any path at all.
func (r Report) NamesPaths() bool {
	return len(r.Artifacts) > 0 || len(r.Metadata) > 0 || strings.ContainsAny(r.Summary+r.Result, `/\`)
}

// maxMentions bounds the search for paths in a report's words.
const maxMentions = 1000

// Mentioned lists the paths below a folder that stand in the report's words,
// each once. A path ends where a shell's word or a quotation would, and then
// loses the marks that belong to the sentence.
func (r Report) Mentioned(dir string) (paths []string) {
	text, dir := r.Summary+" "+r.Result, strings.TrimRight(dir, `/\`)
	for i := 0; dir != "" && len(paths) < maxMentions; {
		at := strings.Index(text[i:], dir)
		if at < 0 {
			break
		}
		at += i
		i = at + len(dir)
		end := strings.IndexFunc(text[i:], func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("`'\"<>", r) })
		if end < 0 {
			end = len(text) - i
		}
		rest := strings.TrimRight(text[i:i+end], ".,;:!?)]}")
		if len(rest) < 2 || rest[0] != '/' && rest[0] != '\\' || within(text[:at]) {
			continue
		}
		i += len(rest)
		if p := dir + rest; !slices.Contains(paths, p) {
			paths = append(paths, p)
		}
	}
	return paths
}

// within reports whether what follows the text goes on with a path or a word.
// "file:///w/a" means /w/a, and "/v/w/a" does not.
func within(before string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	return last == '/' && !strings.HasSuffix(before, "://") || strings.ContainsRune("_-.~\\", last) && before != "" ||
		unicode.IsLetter(last) || unicode.IsDigit(last)
}

// Delivered is the report once what it names has been taken care of: the paths
// at which things are from now on, and those of them that are kept with the card.
func (r Report) Delivered(paths []string, kept []Attachment) Report {
	r.Artifacts, r.kept = slices.Clone(paths), slices.Clone(kept)
	meta := ParsePayload(string(r.Metadata))
	if meta.Get(artifactsKey) != nil {
		meta = slices.DeleteFunc(meta, func(f Field) bool { return f.Key == artifactsKey })
		r.Metadata = nil
		if len(meta) > 0 {
			r.Metadata = meta.raw()
		}
	}
	return r
}
