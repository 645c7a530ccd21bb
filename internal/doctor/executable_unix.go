//go:build !windows

package doctor

import (
	"fmt"
	"os"
)

// executable says why a file cannot be started.
func executable(file string) error {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a folder, and no program", file)
	case info.Mode().Perm()&0o111 == 0:
		return fmt.Errorf("%s may not be executed", file)
	}
	return nil
}
