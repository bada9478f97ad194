package output

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"
)

// BenchmarkRelay is everything between the engine's bytes and foster's output.
func BenchmarkRelay(b *testing.B) {
	for _, prefix := range []string{"", "web-1  | "} {
		for _, size := range []int{20, 100, 4000} {
			b.Run(fmt.Sprintf("line=%d,prefix=%t", size, prefix != ""), func(b *testing.B) {
				s := NewSink(io.Discard, io.Discard)
				defer s.Close(time.Minute)
				var stream []byte
				line := string(bytes.Repeat([]byte("x"), size-1)) + "\n"
				for len(stream) < 1<<20 {
					stream = append(stream, frame(1, stampOf(noon), line)...)
				}
				m := newMouth(s, []byte(prefix))
				b.SetBytes(int64(len(stream)))
				b.ReportAllocs()
				for b.Loop() {
					d := demux{to: &sieve{pos: &position{}, mouth: m, ctx: b.Context()}}
					for rest := stream; len(rest) > 0; {
						n := min(len(rest), readSize)
						if err := d.feed(rest[:n]); err != nil {
							b.Fatal(err)
						}
						m.pause()
						rest = rest[n:]
					}
				}
			})
		}
	}
}
