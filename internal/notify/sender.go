package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"andon/internal/config"
	"andon/internal/view"
	"andon/kanban"
)

// refusal is a failure of which the receiver said more.
type refusal struct {
	msg  string
	gone bool
	wait time.Duration
}

func (r *refusal) Error() string { return r.msg }

// outcome is what a send that ended with err is recorded as.
func outcome(err error) kanban.Delivery {
	if err == nil {
		return kanban.Delivery{}
	}
	d := kanban.Delivery{Error: view.Plain(err.Error())}
	if r, ok := errors.AsType[*refusal](err); ok {
		d.Gone, d.Wait = r.gone, r.wait
	}
	if d.Error == "" {
		d.Error = "failed"
	}
	return d
}

func newSender(t config.Target) (sender, error) {
	switch t.Kind {
	case config.Webhook:
		return newWebhook(t)
	case config.Command:
		return command{argv: t.Argv}, nil
	case config.Desktop:
		return newDesktop()
	case config.Shoutrrr:
		return newShoutrrr(t)
	}
	return nil, fmt.Errorf("no way to deliver to a %q", t.Kind)
}

// Test sends a message to a target that is no notification.
func Test(ctx context.Context, name string, t config.Target) error {
	s, err := newSender(t)
	if err != nil {
		return err
	}
	return s.send(ctx, testMessage(name, time.Now()))
}
