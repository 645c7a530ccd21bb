package kanban

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// Redact takes out of a text what looks like a secret that lets somebody in, and
// leaves a word that says what stood there. It goes by the shapes that keys have,
// so that a secret without a shape of its own stays. To redact a text again changes
// nothing.
func Redact(s string) string {
	for _, k := range secrets {
		for _, mark := range k.marks {
			if strings.Contains(s, mark) { // the pass over a long text that has none
				s = k.redact(s, mark)
			}
		}
	}
	return s
}

// secret is a kind of secret: what it begins with or is announced by, and how its
// extent is found.
type secret struct {
	name  string
	marks []string

	// inside: the mark may stand within a word. Otherwise it begins one.
	inside bool

	// find gives where the secret begins and ends in s, where the mark begins at at
	// and ends at after. Its end is not after its begin where there is none.
	find func(s string, at, after int) (from, to int)
}

// secrets are looked for in this order, the surest shapes first.
var secrets = []secret{
	{name: "private key", marks: []string{"-----BEGIN "}, inside: true, find: privateKey},
	{name: "github token", marks: []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_"}, find: word(isWord, 30, false)},
	{name: "github token", marks: []string{"github_pat_"}, find: word(isWord, 22, false)},
	{name: "gitlab token", marks: []string{"glpat-", "gldt-", "glrt-", "glptt-", "glcbt-"}, find: word(isDotted, 20, false)},
	{name: "slack token", marks: []string{"xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xoxc-", "xoxd-", "xapp-"}, find: word(isDashed, 10, true)},
	{name: "aws key", marks: []string{"AKIA", "ASIA"}, find: awsID},
	{name: "aws key", marks: []string{"ecret_access_key", "ecretAccessKey", "ECRET_ACCESS_KEY"}, inside: true, find: awsSecret},
	{name: "secret key", marks: []string{"sk-"}, find: skKey},
	{name: "secret key", marks: []string{"sk_live_", "sk_test_", "rk_live_", "rk_test_"}, find: word(isWord, 16, true)},
	{name: "jwt", marks: []string{"eyJ"}, find: jwt},
	{name: "authorization", marks: []string{"uthorization", "UTHORIZATION"}, inside: true, find: authorization},
	{name: "password", marks: []string{"://"}, inside: true, find: password},
}

func (k secret) redact(s, mark string) string {
	var b strings.Builder
	kept := 0 // s up to here is in b
	for at := 0; ; {
		i := strings.Index(s[at:], mark)
		if i < 0 {
			break
		}
		i += at
		at = i + len(mark)
		if !k.inside && i > 0 && isAlnum(s[i-1]) {
			continue
		}
		from, to := k.find(s, i, at)
		if to <= from || from < kept {
			continue
		}
		b.WriteString(s[kept:from])
		b.WriteString("[redacted: " + k.name + "]")
		kept, at = to, to
	}
	if kept == 0 {
		return s
	}
	return b.String() + s[kept:]
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isAlnum(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' }

func isWord(c byte) bool { return isAlnum(c) || c == '_' }

func isDashed(c byte) bool { return isWord(c) || c == '-' }

func isDotted(c byte) bool { return isDashed(c) || c == '.' }

func isBase64(c byte) bool { return isAlnum(c) || c == '+' || c == '/' || c == '=' }

// run is where the run of such bytes that begins at i ends.
func run(s string, i int, is func(byte) bool) int {
	for i < len(s) && is(s[i]) {
		i++
	}
	return i
}

// look is how many bytes decide whether there is a secret. A longer look at each of
// many marks would make a text that is made of them take time by its square.
const look = 256

// start is as much of the run that begins at i as decides.
func start(s string, i int, is func(byte) bool) string {
	return s[i:run(s[:min(len(s), i+look)], i, is)]
}

// word finds the mark with at least so many more bytes, a digit among them where
// one is needed: there are words which begin as keys do.
func word(is func(byte) bool, least int, digit bool) func(string, int, int) (int, int) {
	return func(s string, at, after int) (int, int) {
		first := strings.TrimRight(start(s, after, is), ".-")
		if len(first) < least || digit && !hasDigit(first) {
			return 0, 0
		}
		return at, after + len(strings.TrimRight(s[after:run(s, after, is)], ".-"))
	}
}

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }

// skKey is sk- and letters and digits, a dozen of them in a row: names which are
// put together of words have hyphens.
func skKey(s string, at, after int) (int, int) {
	for part := range strings.FieldsFuncSeq(start(s, after, isDashed), func(r rune) bool { return r == '-' || r == '_' }) {
		if len(part) >= 12 {
			return word(isDashed, 20, true)(s, at, after)
		}
	}
	return 0, 0
}

// awsID is the public half of a key: who has it knows which account to try.
func awsID(s string, at, after int) (int, int) {
	id := start(s, after, isAlnum)
	if len(id) != 16 || strings.ToUpper(id) != id {
		return 0, 0
	}
	return at, after + len(id)
}

// awsSecret is the other half, which has no shape but what it is called and its
// length.
func awsSecret(s string, _, after int) (int, int) {
	from, ok := assigned(s, after)
	if ok && len(start(s, from, isBase64)) == 40 {
		return from, from + 40
	}
	return 0, 0
}

// jwt is two JSON objects and a seal, in base64.
func jwt(s string, at, after int) (int, int) {
	head := min(len(s), at+4*look)
	to := run(s[:head], after, isDashed)
	if to-at < 10 || !strings.HasPrefix(s[to:], ".eyJ") {
		return 0, 0
	}
	claims := to + 1
	if to = run(s, claims, isDashed); to-claims < 10 || to == len(s) || s[to] != '.' {
		return 0, 0
	}
	seal := to + 1
	if to = run(s, seal, isDashed); to-seal < 10 {
		return 0, 0
	}
	return at, to
}

// privateKey is the block from its first line to its last. Where the last is
// missing it ends with what can be a part of it: half a key is to be hidden, too.
func privateKey(s string, at, after int) (int, int) {
	name := run(s, after, func(c byte) bool { return c == ' ' || 'A' <= c && c <= 'Z' || isDigit(c) })
	if !strings.Contains(s[after:name], "PRIVATE KEY") || !strings.HasPrefix(s[name:], "-----") {
		return 0, 0
	}
	body := name + len("-----")
	rest := s[body:]
	if i := strings.Index(rest, "-----"); i >= 0 && strings.HasPrefix(rest[i:], "-----END ") && hasKey(rest[:i]) {
		end := body + i + len("-----END ")
		end = run(s, end, func(c byte) bool { return c == ' ' || 'A' <= c && c <= 'Z' || isDigit(c) })
		if strings.HasPrefix(s[end:], "-----") {
			end += len("-----")
		}
		return at, end
	}
	to := body
	for i := body; i < len(s); {
		line := run(s, i, isBreak)
		end := run(s, line, isBase64)
		if end-line < 16 {
			break
		}
		i, to = end, end
	}
	if to == body {
		return 0, 0
	}
	return at, to
}

// isBreak is what stands between the lines of a key; some write \n for it.
func isBreak(c byte) bool { return c == '\n' || c == '\r' || c == ' ' || c == '\t' || c == '\\' }

// hasKey reports whether there is a line as keys have them: between the mere names
// of the first and the last line there is none.
func hasKey(s string) bool {
	for i := 0; i < len(s); {
		end := run(s, i, isBase64)
		if end-i >= 16 {
			return true
		}
		i = end + 1
	}
	return false
}

// assigned is where the value begins that is given to what ends at i, by a colon or
// an equals sign, with or without quotes.
func assigned(s string, i int) (from int, ok bool) {
	space := func(c byte) bool { return c == ' ' || c == '\t' || c == '"' || c == '\'' || c == '\\' }
	i = run(s, i, space)
	if i == len(s) || s[i] != ':' && s[i] != '=' {
		return i, false
	}
	return run(s, i+1, space), true
}

// authorization is what a header of that name has after its scheme, if it can be a
// credential: prose speaks of headers, too, and scripts name variables.
func authorization(s string, _, after int) (int, int) {
	from, ok := assigned(s, after)
	if !ok {
		return 0, 0
	}
	value := func(c byte) bool { return c > ' ' && c < 0x7f && !strings.ContainsRune("\"'`\\<>,;(){}[]", rune(c)) }
	scheme, least := "", 16
	if end := from + len(start(s, from, isDashed)); end < len(s) && s[end] == ' ' {
		switch scheme = strings.ToLower(s[from:end]); scheme {
		case "basic", "bearer", "token", "apikey", "api-key", "negotiate", "key":
			from, least = run(s, end, func(c byte) bool { return c == ' ' }), 8
		}
	}
	first := start(s, from, value)
	switch {
	case len(first) < least || first[0] == '$':
		return 0, 0
	case least == 8 && scheme == "basic":
		pair, err := base64.StdEncoding.DecodeString(s[from:run(s, from, isBase64)])
		if err != nil || !strings.Contains(string(pair), ":") {
			return 0, 0
		}
	case !hasDigit(first) && (least == 16 || len(first) < 20):
		return 0, 0
	}
	return from, run(s, from, value)
}

// password is that of a URL: what stands between the first colon and the last @
// before the path.
func password(s string, _, after int) (int, int) {
	end := run(s, after, func(c byte) bool { return c > ' ' && c != 0x7f && !strings.ContainsRune("/?#\"'`<>\\,()[]|", rune(c)) })
	host := strings.LastIndexByte(s[after:end], '@')
	if host < 0 {
		return 0, 0
	}
	colon := strings.IndexByte(s[after:after+host], ':')
	if colon < 0 {
		return 0, 0
	}
	from, to := after+colon+1, after+host
	if variable(s[from:to]) {
		return 0, 0
	}
	return from, to
}

// variable reports whether a word only stands for a secret: $PASSWORD, ${PASSWORD},
// {password}, %s, or stars.
func variable(s string) bool {
	name := strings.TrimPrefix(s, "$")
	inner := strings.TrimSuffix(strings.TrimLeft(name, "{"), "}")
	switch {
	case strings.Trim(s, "*") == "" || s == "%s" || s == "...":
		return true
	case strings.HasPrefix(name, "{"):
		return strings.HasSuffix(name, "}") && run(inner, 0, isDotted) == len(strings.TrimRight(inner, "}"))
	}
	return name != s && name != "" && strings.ToUpper(name) == name && run(name, 0, isWord) == len(name)
}

// redactJSON redacts every string of a valid JSON text, names of members too, and
// leaves all else as it was written.
func redactJSON(text json.RawMessage) json.RawMessage {
	s := string(text)
	if !strings.Contains(s, `\`) && Redact(s) == s {
		return text // each string stands as it is, between marks that are no part of a secret
	}
	var b strings.Builder
	kept := 0
	for i := 0; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		from := i
		for i++; s[i] != '"'; i++ {
			if s[i] == '\\' {
				i++
			}
		}
		var word string
		if json.Unmarshal([]byte(s[from:i+1]), &word) != nil {
			continue
		}
		if clean := Redact(word); clean != word {
			quoted, err := EncodeJSON(clean)
			if err != nil {
				panic(err) // a string always encodes
			}
			b.WriteString(s[kept:from])
			b.WriteString(quoted)
			kept = i + 1
		}
	}
	s = b.String() + s[kept:]
	// A member that is named Authorization announces its value.
	if whole := Redact(s); json.Valid([]byte(whole)) {
		s = whole
	}
	return json.RawMessage(s)
}

// prose is the door for words that people read, in pairs of what they are and
// where they stand: as [cleanTexts], and then without secrets. Every rule that
// stores somebody's words lets them in by it.
func prose(pairs ...any) error {
	for i := 0; i < len(pairs); i += 2 {
		what, text := pairs[i].(string), pairs[i+1].(*string)
		if err := cleanText(what, *text); err != nil {
			return err
		}
		*text = Redact(*text)
		if err := cleanText(what, *text); err != nil { // it may have grown
			return err
		}
	}
	return nil
}
