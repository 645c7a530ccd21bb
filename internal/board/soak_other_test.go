//go:build !linux

package board_test

import "os"

func syncData(f *os.File) error { return f.Sync() }
