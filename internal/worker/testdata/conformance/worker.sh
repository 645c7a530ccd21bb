#!/bin/sh
# A worker in POSIX sh that keeps to docs/worker-protocol.md. What it shall do, its
# card's title says; a real worker would ask a model, or compile something.
set -eu

# Every verb takes the worker's own card where no id is given. The title is read as
# data: nothing of it is ever a command.
title=$(andon show --json | sed -n '/"task": {/,/}/s/^ *"title": "\(.*\)",*$/\1/p' | head -n 1)

case $title in
write)
	andon heartbeat --note "at it" >&2
	printf 'Dear Bob' >letter.txt
	andon attach letter.txt >&2
	andon create "post it" --assignee nobody --parent "$ANDON_TASK" >&2
	andon comment "it is written" >&2
	andon complete --summary "a letter" >&2
	;;
ask)
	andon block --kind needs_input "To whom?" >&2
	;;
quota)
	exit 75 # it rests and is tried again, and nobody counts it
	;;
leave)
	exit 0 # without a word: a breach, unless the profile says on_exit: complete
	;;
listen)
	andon comment "which colour?" >&2
	colour=$(andon inbox --wait --json | sed -n 's/^ *"body": "\(.*\)",*$/\1/p')
	andon complete --summary "painted it $colour" >&2
	;;
*)
	echo "worker: the title \"$title\" is none that this worker knows" >&2
	exit 1
	;;
esac
