package config

// openCodeArgs call OpenCode without a person: the prompt is a file.
func openCodeArgs(_ Profile, c Card) []string {
	args := []string{"run", "Do what the attached file asks for.", "--format=json"}
	switch {
	case c.Model != "" && c.Provider != "":
		args = append(args, "--model="+c.Provider+"/"+c.Model)
	case c.Model != "":
		args = append(args, "--model="+c.Model)
	}
	if c.Effort != "" {
		args = append(args, "--variant="+c.Effort)
	}
	return append(args, "--file="+c.PromptFile)
}

func openCodeWiring(s Server) Wiring {
	return Wiring{Env: map[string]string{"OPENCODE_CONFIG_CONTENT": plainJSON(map[string]any{"mcp": map[string]any{
		"andon": map[string]any{"type": "local", "enabled": true, "command": s.Command, "environment": passed(s.Env, "{env:", "}")},
	}})}}
}

// openCodeLimit: an error of a provider has the status of its answer; a step that
// is finished came after it.
func openCodeLimit(e event) word {
	var v struct {
		Type  string `json:"type"`
		Error struct {
			Data struct {
				Status int `json:"statusCode"`
			} `json:"data"`
		} `json:"error"`
	}
	switch {
	case !e.read(&v):
	case v.Type == "error" && v.Error.Data.Status == 429:
		return word{kind: limited}
	case v.Type == "step_finish":
		return word{kind: through}
	}
	return word{}
}
