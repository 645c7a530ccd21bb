package postgres

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"andon/internal/store"
	"andon/kanban"
)

func TestRebind(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		``:                                  ``,
		`SELECT 1`:                          `SELECT 1`,
		`SELECT ?`:                          `SELECT $1`,
		`(?, ?,?)`:                          `($1, $2,$3)`,
		strings.Repeat(`?`, 10) + ` é`:      `$1$2$3$4$5$6$7$8$9$10 é`,
		`WHERE a = ? AND b IN (?) LIMIT ? `: `WHERE a = $1 AND b IN ($2) LIMIT $3 `,
	} {
		if got := rebind(in); got != want {
			t.Errorf("rebind(%q) = %q, want %q", in, got, want)
		}
	}
}

// rebind numbers every question mark, so none may stand in quoted text.
func TestNoStatementHasAMarkInQuotes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../*.go")
	if err != nil {
		t.Fatal(err)
	}
	quoted := regexp.MustCompile(`'[^']*\?[^']*'`)
	statements := 0
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING && strings.Contains(l.Value, "?") {
				statements++
				for _, q := range quoted.FindAllString(l.Value, -1) {
					// '...' between two quoted texts is no quoted text
					if !strings.ContainsAny(q, "=(") {
						t.Errorf("%s: a mark in quotes: %s", name, q)
					}
				}
			}
			return true
		})
	}
	if statements < 20 {
		t.Errorf("found %d literals with marks; that cannot be all", statements)
	}
}

func TestSchemaName(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 61)
	if got := schemaName("ops"); got != "b_ops" {
		t.Errorf("schemaName(ops) = %s", got)
	}
	if got := schemaName(long); got != "b_"+long {
		t.Errorf("schemaName of 61 = %s", got)
	}
	seen := map[string]string{}
	for _, slug := range []string{long, long + "a", long + "b", long + "ab", long + "aa"} {
		name := schemaName(slug)
		if len(name) > 63 {
			t.Errorf("%s has %d bytes, and Postgres would cut it", name, len(name))
		}
		if other := seen[name]; other != "" {
			t.Errorf("%s and %s are both kept in %s", slug, other, name)
		}
		seen[name] = slug
	}
}

func TestAddressTellsNoSecret(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"postgres://ada:s3cret@db.example:5433/team":                         "postgres://ada@db.example:5433/team#ops",
		"postgres://ada@db/team?sslmode=require":                             "postgres://ada@db/team?sslmode=require#ops",
		"postgres://db/team?user=ada&password=s3cret&host=%2Frun":            "postgres://db/team?host=%2Frun&user=ada#ops",
		"postgresql://:s3cret@/x?sslpassword=s3cret&passfile=s3cret":         "postgresql://@/x#ops",
		"postgres://ada:s3cret@db/team#default":                              "postgres://ada@db/team#ops",
		"postgres://ada:s3%23cret@one:1,two:2/team?target_session_attrs=any": "postgres://ada@one:1,two:2/team?target_session_attrs=any#ops",
	} {
		got, err := Address(in, "ops")
		if err != nil || got != want {
			t.Errorf("Address(%s) = %s, %v, want %s", in, got, err, want)
		}
		if strings.Contains(got, "cret") {
			t.Errorf("Address(%s) = %s", in, got)
		}
	}
	for _, in := range []string{"postgres://ada:s3/cret@db/x", "postgres://ada:s3#cret@db/x", "postgres://ada:s3cret", "postgres://ada:s3%zcret@db/x", "postgres://ada:s3cret@[db/x",
		"postgres://ada:s3cret@db:5432x/team"} {
		b, err := newBoard(in, "ops", store.Options{})
		if err == nil {
			t.Errorf("newBoard(%s) = %+v, want an error", in, b.address)
			continue
		}
		if kanban.CodeOf(err) != kanban.Usage || strings.Contains(err.Error(), "s3c") || strings.Contains(err.Error(), "cret@") || strings.Contains(err.Error(), ":s3") {
			t.Errorf("newBoard(%s): %v, want a usage error that tells no secret", in, err)
		}
	}
}
