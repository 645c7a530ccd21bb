package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time as andon writes and reads it: see
// [ParseDuration]. It is never negative when it came from text.
type Duration time.Duration

var units = []struct {
	letter byte
	size   time.Duration
}{{'d', 24 * time.Hour}, {'h', time.Hour}, {'m', time.Minute}, {'s', time.Second}}

// ParseDuration reads a length of time: a bare whole number is seconds, and
// otherwise each number, whole or with a fraction, is followed by its unit s,
// m, h or d, as in 90, 1.5h, 2d and 1h30m. A negative one is refused.
func ParseDuration(s string) (time.Duration, error) {
	text := strings.ToLower(strings.TrimSpace(s))
	refuse := func(why string) (time.Duration, error) {
		return 0, fmt.Errorf("%q is no duration: %s; give whole seconds, or numbers with a unit s, m, h or d, such as 90, 1.5h or 1h30m", s, why)
	}
	if text == "" {
		return refuse("it is empty")
	}
	if text[0] == '-' {
		return refuse("it is negative")
	}
	if isDigits(text) {
		text += "s"
	}
	var sum time.Duration
	for text != "" {
		n := strings.IndexFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
		switch {
		case n < 0:
			return refuse("a number lacks its unit")
		case n == 0:
			return refuse("a number is missing")
		}
		size := unitSize(text[n])
		if size == 0 {
			return refuse(fmt.Sprintf("its unit begins with %q", text[n:]))
		}
		part, why := times(text[:n], size)
		if why == "" && sum > math.MaxInt64-part {
			why = "it is too long"
		}
		if why != "" {
			return refuse(why)
		}
		sum += part
		text = text[n+1:]
	}
	return sum, nil
}

// times multiplies a decimal number by a unit, or says why it cannot.
func times(number string, size time.Duration) (_ time.Duration, why string) {
	whole, fraction, dotted := strings.Cut(number, ".")
	if !isDigits(whole) || dotted && !isDigits(fraction) {
		return 0, fmt.Sprintf("%q is no number", number)
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n > int64(math.MaxInt64/size) {
		return 0, "it is too long"
	}
	sum := time.Duration(n) * size
	if dotted {
		f, err := strconv.ParseFloat("0."+fraction, 64)
		if err != nil {
			return 0, fmt.Sprintf("%q is no number", number)
		}
		part := time.Duration(math.Round(f * float64(size)))
		if sum > math.MaxInt64-part {
			return 0, "it is too long"
		}
		sum += part
	}
	return sum, ""
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func unitSize(letter byte) time.Duration {
	for _, u := range units {
		if u.letter == letter {
			return u.size
		}
	}
	return 0
}

// String is the shortest text in units that [ParseDuration] reads back as d.
func (d Duration) String() string {
	if d < 0 {
		return time.Duration(d).String()
	}
	var b strings.Builder
	rest := time.Duration(d)
	for _, u := range units {
		n := rest / u.size
		rest %= u.size
		fraction := ""
		if u.letter == 's' && rest > 0 {
			fraction = "." + strings.TrimRight(fmt.Sprintf("%09d", int64(rest)), "0")
		}
		if n > 0 || fraction != "" || b.Len() == 0 && u.letter == 's' {
			fmt.Fprintf(&b, "%d%s%c", int64(n), fraction, u.letter)
		}
	}
	return b.String()
}
