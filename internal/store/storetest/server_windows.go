package storetest

import "syscall"

func servant(string) (*syscall.SysProcAttr, error) { return nil, errNoPostgres }
