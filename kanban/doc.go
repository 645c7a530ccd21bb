// Package kanban holds the words and the rules of the board.
//
// A rule is a method or function without side effects: it is given a card and
// the facts the verb depends on (parents, the open run, the hour), and answers
// with a [Change] or with a refusal. Nothing here does I/O, reads a clock or
// rolls a die, so a rule is tested in microseconds and cannot differ between
// databases. The statuses, event kinds and payload keys are those of Hermes
// Agent's kanban, whose files andon shares.
package kanban
