# Its first attempt says where it is, and then waits to be killed.
if [ "$ANDON_ATTEMPT" = 1 ]; then
	andon heartbeat --note "half-way"
	sleep 600
fi
andon complete --summary "done, on attempt $ANDON_ATTEMPT"
