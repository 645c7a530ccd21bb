package worker

import (
	"slices"
	"strings"
	"testing"

	"andon/internal/home"
	"andon/kanban"
)

// What an agent hands on to andon's tools, it has; and wherever somebody has chosen that
// files lie, the tools are told: a scratch folder elsewhere would be none to them, and
// what a worker made in it would not be kept.
func TestToolsAreToldWhereFilesLie(t *testing.T) {
	for _, chosen := range []string{"", "/srv/files"} {
		t.Setenv("ANDON_ATTACHMENTS_ROOT", chosen)
		h := home.Home{Root: t.TempDir()}
		s := &supervisor{Options: Options{Self: "/opt/andon"}, job: Job{Root: h.Root, Board: h.Board(home.Default), Task: "t_00000001", Run: 1}}
		has := map[string]bool{}
		for _, entry := range s.environment(kanban.Task{ID: "t_00000001", Assignee: "ada"}) {
			name, _, _ := strings.Cut(entry, "=")
			has[name] = true
		}
		told := s.server().Env
		for _, name := range told {
			if !has[name] {
				t.Errorf("with files in %q the agent hands on %s, and has none", chosen, name)
			}
		}
		for _, name := range []string{"ANDON_HOME", "ANDON_DB", "ANDON_WORKSPACES_ROOT", "ANDON_ATTACHMENTS_ROOT"} {
			if has[name] && !slices.Contains(told, name) {
				t.Errorf("with files in %q the tools are not told %s", chosen, name)
			}
		}
	}
}
