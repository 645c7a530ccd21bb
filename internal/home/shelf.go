package home

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"andon/internal/store/postgres"
	"andon/kanban"
)

// Shelved is a board that was put away.
type Shelved struct {
	Slug Slug   // the board it was
	Name string // what it is called now: the slug and the second it was put away
	Dir  string // its folder; empty on a server, of whose boards no folder moves

	metadata string
}

// Meta is what is said of the board.
func (s Shelved) Meta() Meta { return Board{Slug: s.Slug, Metadata: s.metadata}.Meta() }

// shelf is the folder of the boards that were put away, where Hermes puts them.
func (h Home) shelf() string { return filepath.Join(h.boardsDir(), "_archived") }

func shelfName(slug Slug, now time.Time, n int) string {
	name := fmt.Sprintf("%s-%d", slug, now.Unix())
	if n > 0 {
		name += "-" + strconv.Itoa(n)
	}
	return name
}

// A slug may end in digits, too; a second has nine or ten of them.
var shelfPattern = regexp.MustCompile(`^(.+)-([0-9]{9,})(?:-([0-9]{1,6}))?$`)

// parseShelfName tells the slug of the board, and when it was put away.
func parseShelfName(name string) (slug Slug, at, n int64, ok bool) {
	m := shelfPattern.FindStringSubmatch(name)
	if m == nil {
		return "", 0, 0, false
	}
	slug, err := ParseSlug(m[1])
	at, errAt := strconv.ParseInt(m[2], 10, 64)
	n, _ = strconv.ParseInt(m[3], 10, 64) // empty is 0
	return slug, at, n, err == nil && errAt == nil && string(slug) == m[1]
}

// Shelf lists the boards that were put away, by slug and then the latest first.
func (h Home) Shelf(ctx context.Context) (all []Shelved, err error) {
	if h.remote() {
		found, err := postgres.Boards(ctx, h.db)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			if slug, err := ParseSlug(f.Slug); err == nil && f.Name != "" {
				all = append(all, Shelved{Slug: slug, Name: f.Name, metadata: h.layout(slug).Metadata})
			}
		}
	} else {
		entries, err := os.ReadDir(h.shelf())
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("list the boards that were put away: %w", err)
		}
		for _, e := range entries {
			if slug, _, _, ok := parseShelfName(e.Name()); ok {
				dir := filepath.Join(h.shelf(), e.Name())
				all = append(all, Shelved{slug, e.Name(), dir, filepath.Join(dir, metadataName)})
			}
		}
	}
	slices.SortFunc(all, func(a, b Shelved) int {
		_, atA, nA, _ := parseShelfName(a.Name)
		_, atB, nB, _ := parseShelfName(b.Name)
		return cmp.Or(strings.Compare(string(a.Slug), string(b.Slug)), cmp.Compare(atB, atA), cmp.Compare(nB, nA))
	})
	return all, nil
}

// shelved finds a board that was put away by its name, or the latest of a slug.
func (h Home) shelved(ctx context.Context, name string) (Shelved, error) {
	all, err := h.Shelf(ctx)
	if err != nil {
		return Shelved{}, err
	}
	for _, by := range []func(Shelved) bool{
		func(s Shelved) bool { return s.Name == name },
		func(s Shelved) bool { return string(s.Slug) == name },
	} {
		if i := slices.IndexFunc(all, by); i >= 0 {
			return all[i], nil
		}
	}
	return Shelved{}, &kanban.Error{Code: kanban.NotFound, Err: ErrNoBoard, Msg: fmt.Sprintf("no board %q was put away", name),
		Hint: "`andon boards list --all` shows those that were"}
}

// Here lists the boards there are, as [Home.Boards] does, but of a server's
// database all of them, too, and whether or not a file was named.
func (h Home) Here(ctx context.Context) ([]Board, error) {
	if !h.remote() {
		return h.Whole().Boards()
	}
	found, err := postgres.Boards(ctx, h.db)
	if err != nil {
		return nil, err
	}
	boards := []Board{h.Board(Default)}
	for _, f := range found {
		if slug, err := ParseSlug(f.Slug); err == nil && f.Name == "" && slug != Default {
			boards = append(boards, h.Board(slug))
		}
	}
	slices.SortFunc(boards[1:], func(a, b Board) int { return strings.Compare(string(a.Slug), string(b.Slug)) })
	return boards, nil
}
