// Command andon is a durable kanban board for fleets of AI agents.
package main

import (
	"os"
	_ "time/tzdata" // routines have time zones, and not every machine has their rules

	"andon/internal/cli"
)

func main() { os.Exit(cli.Run()) }
