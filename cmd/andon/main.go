// Command andon is a durable kanban board for fleets of AI agents.
package main

import (
	"os"

	"andon/internal/cli"
)

func main() { os.Exit(cli.Run()) }
