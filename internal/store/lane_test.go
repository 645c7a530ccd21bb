package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// A column is read in the same order and by the same filter from every store.
func TestLanes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		day := time.Unix(1_700_000_000, 0)
		for i, d := range []struct {
			title, assignee, tenant string
			priority                int64
			done                    bool
		}{
			{"Low", "ada", "", 0, false},
			{"High 100%", "bob", "shop", 7, false},
			{"Ärger mit Umlauten", "ada", "shop", 3, false},
			{"under_score", "", "", 3, false},
			{"Done first", "ada", "", 0, true},
			{"Done last", "bob", "", 0, true},
		} {
			db.Now = func() time.Time { return day.Add(time.Duration(i) * time.Minute) }
			err := db.Update(ctx, func(tx *store.Tx) error {
				c, err := kanban.Create(kanban.TaskID(fmt.Sprint("t_", i)), kanban.Draft{Title: d.title, Assignee: d.assignee, Tenant: d.tenant,
					Priority: d.priority, CreatedBy: "user", WorkspaceKind: kanban.Scratch}, nil, tx.Now)
				if err == nil {
					err = tx.Apply(ctx, &c)
				}
				if err != nil || !d.done {
					return err
				}
				if c, err = c.Task.Complete(kanban.Report{}, nil, kanban.Witness{}, tx.Now); err != nil {
					return err
				}
				return tx.Apply(ctx, &c)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, tt := range []struct {
			name string
			span store.Span
			g    store.Glimpse
			want []string
		}{
			{"the order of dispatch", store.Span{Status: kanban.Ready, Limit: 9}, store.Glimpse{}, []string{"High 100%", "Ärger mit Umlauten", "under_score", "Low"}},
			{"a part", store.Span{Status: kanban.Ready, Offset: 1, Limit: 2}, store.Glimpse{}, []string{"Ärger mit Umlauten", "under_score"}},
			{"newest done first", store.Span{Status: kanban.Done, Limit: 9, Newest: true}, store.Glimpse{}, []string{"Done last", "Done first"}},
			{"a word in other letters", store.Span{Status: kanban.Ready, Limit: 9}, store.Glimpse{Words: []string{"hIGH"}}, []string{"High 100%"}},
			{"a word as it is written", store.Span{Status: kanban.Ready, Limit: 9}, store.Glimpse{Words: []string{"Ärger"}}, []string{"Ärger mit Umlauten"}},
			{"two words", store.Span{Status: kanban.Done, Limit: 9}, store.Glimpse{Words: []string{"done", "last"}}, []string{"Done last"}},
			{"a sign of patterns", store.Span{Status: kanban.Ready, Limit: 9}, store.Glimpse{Words: []string{"0%"}}, []string{"High 100%"}},
			{"another", store.Span{Status: kanban.Ready, Limit: 9}, store.Glimpse{Words: []string{"r_s"}}, []string{"under_score"}},
			{"an id", store.Span{Status: kanban.Ready, Limit: 9}, store.Glimpse{Words: []string{"T_0"}}, []string{"Low"}},
			{"assignee", store.Span{Status: kanban.Ready, Limit: 9}, store.Glimpse{Assignee: "ada"}, []string{"Ärger mit Umlauten", "Low"}},
			{"tenant", store.Span{Status: kanban.Ready, Limit: 9}, store.Glimpse{Tenant: "shop", Assignee: "bob"}, []string{"High 100%"}},
			{"another status", store.Span{Status: kanban.Ready, Limit: 9}, store.Glimpse{Statuses: []kanban.Status{kanban.Done}}, nil},
		} {
			t.Run(tt.name, func(t *testing.T) {
				var got []string
				err := db.View(ctx, func(tx *store.Tx) error {
					tasks, err := tx.Lane(ctx, tt.span, tt.g)
					for _, task := range tasks {
						got = append(got, task.Title)
					}
					tally, err2 := tx.Tally(ctx, tt.g, kanban.Archived)
					if err2 != nil {
						return err2
					}
					if n := tally[tt.span.Status]; tt.span.Offset == 0 && n != len(tt.want) {
						t.Errorf("counted %d, want %d", n, len(tt.want))
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(tt.want, got); d != "" {
					t.Error(d)
				}
			})
		}
	})
}
