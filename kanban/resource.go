package kanban

import (
	"slices"
	"strings"
)

// CheckResource refuses what cannot name a resource.
func CheckResource(name string) error {
	ok := name != "" && len(name) <= 64
	for i, r := range name {
		ok = ok && ('a' <= r && r <= 'z' || '0' <= r && r <= '9' || i > 0 && strings.ContainsRune("._-", r))
	}
	if !ok {
		return Invalidf("%q is no name of a resource; give 1 to 64 of a-z, 0-9, \".\", \"_\" and \"-\", beginning with a letter or a digit", name)
	}
	return nil
}

// cleanResources sorts the names and leaves each once; none is nil.
func cleanResources(names []string) ([]string, error) {
	for _, n := range names {
		if err := CheckResource(n); err != nil {
			return nil, err
		}
	}
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	if len(names) == 0 {
		return nil, nil
	}
	return names, nil
}
