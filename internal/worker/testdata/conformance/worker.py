#!/usr/bin/env python3
"""A worker in Python, of its standard library alone, that keeps to
docs/worker-protocol.md. What it shall do, its card's title says; a real worker
would ask a model, or compile something."""

import json
import os
import subprocess
import sys


def andon(*args):
    """Calls andon upon the worker's own card and returns what it answers. No shell
    is between: an argument stays one, whatever a card's author wrote in it."""
    done = subprocess.run(["andon", *args, "--json"], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def write():
    andon("heartbeat", "--note", "at it")
    with open("letter.txt", "w", encoding="utf-8") as letter:
        letter.write("Dear Bob")
    andon("attach", "letter.txt")
    child = andon("create", "post it", "--assignee", "nobody", "--parent", os.environ["ANDON_TASK"])
    if child["status"] != "todo":
        raise RuntimeError(f"a child waits for its parent, and this one is {child['status']}")
    andon("comment", "it is written")
    andon("complete", "--summary", "a letter")


def ask():
    andon("block", "--kind", "needs_input", "To whom?")


def quota():
    return 75  # it rests and is tried again, and nobody counts it


def leave():
    return 0  # without a word: a breach, unless the profile says on_exit: complete


def listen():
    andon("comment", "which colour?")
    said = andon("inbox", "--wait")["comments"]
    andon("complete", "--summary", "painted it " + said[0]["body"])


def main():
    card = andon("show")
    todo = {"write": write, "ask": ask, "quota": quota, "leave": leave, "listen": listen}
    return todo[card["task"]["title"]]() or 0


if __name__ == "__main__":
    sys.exit(main())
