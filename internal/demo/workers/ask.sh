# Asks a question; the next attempt finds the answer in the card.
answer=$(andon context | sed -n 's/^> UNBLOCK: //p' | tail -1)
if [ -z "$answer" ]; then
	andon block --kind needs_input "Shall the report be sorted by files or by lines?"
else
	andon complete --summary "sorted by: $answer"
fi
