package config

import "time"

// claudeArgs call Claude Code without a person: the prompt comes on standard input,
// and what happens goes out as a JSON object a line. The value of an option is
// joined to it, for a card's author chooses the model, and could name an option.
func claudeArgs(p Profile, c Card) []string {
	args := []string{"-p", "--output-format", "stream-json", "--verbose"}
	args = append(args, "--mcp-config", c.Server.File, "--strict-mcp-config", "--allowedTools=mcp__andon,Bash(andon:*)")
	if !p.says("--permission-mode", "--dangerously-skip-permissions") {
		args = append(args, "--permission-mode=acceptEdits")
	}
	if c.Model != "" {
		args = append(args, "--model="+c.Model)
	}
	if c.Effort != "" {
		args = append(args, "--effort="+c.Effort)
	}
	return args
}

func claudeWiring(s Server) Wiring {
	return Wiring{File: plainJSON(map[string]any{"mcpServers": map[string]any{
		"andon": map[string]any{"type": "stdio", "command": s.Command[0], "args": s.Command[1:], "env": passed(s.Env, "${", ":-}")},
	}})}
}

// claudeLimit: the event of a limit says that a call was rejected and when calls are
// let through again, an answer that failed has the class of its error, and the
// result says whether all went well in the end.
func claudeLimit(e event) word {
	var v struct {
		Type  string `json:"type"`
		Error any    `json:"error"`
		Limit struct {
			Status   string `json:"status"`
			ResetsAt int64  `json:"resetsAt"`
		} `json:"rate_limit_info"`
		IsError *bool `json:"is_error"`
	}
	if !e.read(&v) {
		return word{}
	}
	switch {
	case v.Type == "rate_limit_event" && v.Limit.Status == "rejected":
		w := word{kind: limited}
		if v.Limit.ResetsAt > 0 {
			w.until = time.Unix(v.Limit.ResetsAt, 0)
		}
		return w
	case v.Type == "assistant" && v.Error == "rate_limit":
		return word{kind: limited}
	case v.Type == "result" && v.IsError != nil && !*v.IsError:
		return word{kind: through}
	}
	return word{}
}
