package view

import "andon/kanban"

// Exit statuses, as Hermes has them.
const (
	ExitOK      = 0
	ExitRefused = 1 // refused, not found, or it could not be done
	ExitUsage   = 2 // the words of the call are wrong
)

// codes is the one table from the class of an error to what a surface answers.
var codes = map[kanban.Code]struct{ exit, rpc int }{
	kanban.Usage:    {ExitUsage, rpcParams},
	kanban.Invalid:  {ExitRefused, rpcParams},
	kanban.NotFound: {ExitRefused, rpcParams},
	kanban.Conflict: {ExitRefused, rpcRefused},
	kanban.Denied:   {ExitRefused, rpcRefused},
	kanban.Busy:     {ExitRefused, rpcRefused},
	kanban.Unknown:  {ExitRefused, rpcInternal},
	kanban.Damaged:  {ExitRefused, rpcInternal},
	kanban.Internal: {ExitRefused, rpcInternal},
}

// Codes of JSON-RPC, in which MCP answers what is no tool: those of its standard,
// and one of the range that it leaves to servers.
const (
	rpcParams   = -32602
	rpcInternal = -32603
	rpcRefused  = -32000
)

// RPC is the code of JSON-RPC for an error.
func RPC(err error) int { return codes[kanban.CodeOf(err)].rpc }

// ToolError is what a tool answers that did not do what it was asked: a model reads
// it. The key is a contract.
type ToolError struct {
	Error string `json:"error"`
}

// NewToolError shows an error of a tool.
func NewToolError(tool string, err error) ToolError {
	return ToolError{tool + ": " + Plain(err.Error())}
}

// Exit is the exit status for an error; nil is success.
func Exit(err error) int {
	if err == nil {
		return ExitOK
	}
	return codes[kanban.CodeOf(err)].exit
}
