package report

// Reader is somebody who wants to know when something has moved.
type Reader struct {
	board *Board
	wake  chan struct{}
}

// Subscribe makes a Reader; Close ends it.
func (b *Board) Subscribe() *Reader {
	r := &Reader{board: b, wake: make(chan struct{}, 1)}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.readers[r] = struct{}{}
	return r
}

// Moved has an element when something moved since the last one was taken. It
// is never closed.
func (r *Reader) Moved() <-chan struct{} { return r.wake }

// Close ends the subscription.
func (r *Reader) Close() {
	r.board.mu.Lock()
	defer r.board.mu.Unlock()
	delete(r.board.readers, r)
}

// wake tells every reader, without waiting for any.
func (b *Board) wake() {
	for r := range b.readers {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
}
