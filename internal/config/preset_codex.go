package config

// codexArgs call Codex without a person: "-" is the prompt on standard input. What
// -c sets is TOML, whose texts may be written as those of JSON.
func codexArgs(p Profile, c Card) []string {
	args := []string{"exec", "--json", "--skip-git-repo-check"} // a scratch folder is no repository
	if !p.says("--sandbox", "-s", "--full-auto", "--yolo", "--dangerously-bypass-approvals-and-sandbox") {
		args = append(args, "--sandbox=workspace-write")
	}
	set := func(key string, value any) { args = append(args, "-c", key+"="+plainJSON(value)) }
	if len(c.Server.Command) > 0 {
		set("mcp_servers.andon.command", c.Server.Command[0])
		set("mcp_servers.andon.args", c.Server.Command[1:])
		set("mcp_servers.andon.env_vars", c.Server.Env)
	}
	if c.Model != "" {
		args = append(args, "--model="+c.Model)
	}
	if c.Provider != "" {
		set("model_provider", c.Provider)
	}
	if c.Effort != "" {
		set("model_reasoning_effort", c.Effort)
	}
	return append(args, "-")
}

// codexWiring: it is all in the arguments, and no secret is in those.
func codexWiring(Server) Wiring { return Wiring{} }
