//go:build !linux

package proc

import (
	"errors"
	"os/exec"
)

// MakeCgroup makes a control group, which only Linux has.
func MakeCgroup(string) (string, error) { return "", errors.ErrUnsupported }

// EnterCgroup has cmd begin in the group.
func EnterCgroup(*exec.Cmd, string) (done func(), err error) { return nil, errors.ErrUnsupported }

// RemoveCgroup removes the group.
func RemoveCgroup(string) {}

// OutOfMemory reports what only a control group tells.
func OutOfMemory(string) bool { return false }

func inCgroup(string) map[int]bool { return nil }

func killCgroup(string) bool { return false }
