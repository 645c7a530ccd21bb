package config

// geminiArgs call Gemini CLI without a person: its prompt is what comes on standard
// input, followed by the one of its argument.
func geminiArgs(p Profile, c Card) []string {
	args := []string{"--output-format=stream-json"}
	if !p.says("--approval-mode", "--yolo", "-y") {
		args = append(args, "--approval-mode=auto_edit")
	}
	if c.Model != "" {
		args = append(args, "--model="+c.Model)
	}
	return append(args, "--prompt=Do what the text above asks for.")
}

// geminiWiring gives the settings that all others go before: what a project, a user
// or the host's administrator has set, stands.
func geminiWiring(s Server) Wiring {
	return Wiring{
		File: plainJSON(map[string]any{"mcpServers": map[string]any{
			"andon": map[string]any{"command": s.Command[0], "args": s.Command[1:], "env": passed(s.Env, "${", "}"), "trust": true},
		}}),
		Env: map[string]string{"GEMINI_CLI_SYSTEM_DEFAULTS_PATH": s.File},
	}
}

// geminiLimit: the result has the class of the error, and its code if it has one.
func geminiLimit(e event) word {
	var v struct {
		Type   string `json:"type"`
		Status string `json:"status"`
		Error  struct {
			Type string `json:"type"`
			Code any    `json:"code"`
		} `json:"error"`
	}
	if !e.read(&v) || v.Type != "result" {
		return word{}
	}
	switch {
	case v.Status == "success":
		return word{kind: through}
	case v.Error.Type == "TerminalQuotaError", v.Error.Type == "RetryableQuotaError", v.Error.Code == 429.0, v.Error.Code == "429":
		return word{kind: limited}
	}
	return word{}
}
