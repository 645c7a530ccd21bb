package board

import "context"

// Check looks over the whole board. No finding means that it is whole.
func (b *Board) Check(ctx context.Context) ([]string, error) { return b.store.Audit(ctx) }
