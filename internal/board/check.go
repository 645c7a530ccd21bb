package board

import "context"

// Check looks over the whole board, every byte of its file included. No finding
// means that it is whole.
func (b *Board) Check(ctx context.Context) ([]string, error) { return b.store.Audit(ctx) }

// Contradictions looks over what is on the board, and takes the file to be whole.
func (b *Board) Contradictions(ctx context.Context) ([]string, error) {
	return b.store.Contradictions(ctx)
}
