package output

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// heard is what a demux made of a stream: one entry for each message.
type heard struct {
	got  []spoken
	open bool
	most int // bytes of the longest piece
}

type spoken struct {
	src  Source
	at   stamp
	text string
}

func (h *heard) begin(src Source, at stamp) error {
	if h.open {
		return errors.New("a message begins in another one")
	}
	h.got, h.open = append(h.got, spoken{src: src, at: at}), true
	return nil
}

func (h *heard) piece(p []byte) error {
	if !h.open {
		return errors.New("a piece of no message")
	}
	h.got[len(h.got)-1].text += string(p)
	h.most = max(h.most, len(p))
	return nil
}

func (h *heard) end() error {
	h.open = false
	return nil
}

func (s spoken) String() string { return fmt.Sprintf("%s %s %q", s.src, s.at, s.text) }

func frame(source byte, at stamp, text string) []byte {
	payload := string(at[:]) + " " + text
	head := make([]byte, 8, 8+len(payload))
	head[0] = source
	binary.BigEndian.PutUint32(head[4:], uint32(len(payload)))
	return append(head, payload...)
}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 1, time.UTC)

// inPieces feeds a stream in pieces of given sizes, again and again.
func inPieces(d *demux, stream []byte, sizes []int) error {
	for i := 0; len(stream) > 0; i++ {
		n := min(max(1, sizes[i%len(sizes)]), len(stream))
		if err := d.feed(stream[:n]); err != nil {
			return err
		}
		stream = stream[n:]
	}
	return nil
}

// TestMessages: however the bytes come, the messages are the same, of a
// container with frames and of one with a terminal.
func TestMessages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terminal := rapid.Bool().Draw(t, "terminal")
		var stream []byte
		var want []spoken
		for i := range rapid.IntRange(0, 6).Draw(t, "messages") {
			at := stampOf(noon.Add(time.Duration(i) * time.Millisecond))
			if terminal {
				line := bytes.Repeat([]byte{rapid.SampledFrom([]byte("ab\r ")).Draw(t, "byte")}, rapid.SampledFrom([]int{0, 1, 5, rawMost - 1, rawMost, rawMost + 1, 2 * rawMost, 40000}).Draw(t, "length"))
				if len(line)%rawMost == 0 && bytes.HasSuffix(line, []byte("\r")) {
					line = nil // where the line was cut, nobody knows whose it is
				}
				for len(line) >= rawMost {
					stream = append(append(append(stream, at[:]...), ' '), line[:rawMost]...)
					want = append(want, spoken{Stdout, at, string(line[:rawMost])})
					line = line[rawMost:]
				}
				stream = append(append(append(append(stream, at[:]...), ' '), line...), "\r\n"...)
				want = append(want, spoken{Stdout, at, string(line) + "\n"})
				continue
			}
			text := rapid.SliceOfN(rapid.Byte(), 0, 50).Draw(t, "text")
			src := Source(rapid.IntRange(0, 1).Draw(t, "source"))
			stream = append(stream, frame(byte(src)+1, at, string(text))...)
			want = append(want, spoken{src, at, string(text)})
		}
		var h heard
		sizes := rapid.SliceOfN(rapid.IntRange(1, 20000), 1, 8).Draw(t, "sizes")
		if err := inPieces(&demux{to: &h}, stream, sizes); err != nil {
			t.Fatal(err)
		}
		if terminal { // a carriage return in front of a cut belongs to the next message
			if joined(h.got) != joined(want) {
				t.Fatalf("got %d bytes, want %d", len(joined(h.got)), len(joined(want)))
			}
			return
		}
		if !slices.Equal(h.got, want) || h.open {
			t.Fatalf("got  %v\nwant %v", h.got, want)
		}
	})
}

func joined(all []spoken) string {
	var text string
	for _, s := range all {
		text += s.text
	}
	return text
}

// TestHugeFrame: a message that is larger than everything here comes in pieces.
func TestHugeFrame(t *testing.T) {
	var h heard
	text := string(bytes.Repeat([]byte("x"), 5<<20))
	if err := inPieces(&demux{to: &h}, frame(2, stampOf(noon), text), []int{readSize}); err != nil {
		t.Fatal(err)
	}
	if len(h.got) != 1 || h.got[0].text != text || h.most > heldMost {
		t.Errorf("%d messages, the longest piece has %d bytes", len(h.got), h.most)
	}
}

// TestHalfFrame: nothing is said of a message before it is there, unless it is huge.
func TestHalfFrame(t *testing.T) {
	for _, size := range []int{2, 20, readSize, heldMost} {
		var h heard
		d := demux{to: &h}
		text := string(bytes.Repeat([]byte("x"), size))
		stream := frame(1, stampOf(noon), text)
		if err := inPieces(&d, stream[:len(stream)-1], []int{readSize}); err != nil {
			t.Fatal(err)
		}
		if len(h.got) != 1 || h.got[0].text != "" || !d.inside() {
			t.Errorf("%d bytes but the last: said are %d, inside is %t", size, len(joined(h.got)), d.inside())
		}
		if err := d.feed(stream[len(stream)-1:]); err != nil {
			t.Fatal(err)
		}
		if joined(h.got) != text || d.inside() {
			t.Errorf("%d bytes: said are %d, inside is %t", size, len(joined(h.got)), d.inside())
		}
	}
}

// TestZones: journald's stamps before 23.0 have the engine's own zone.
func TestZones(t *testing.T) {
	var h heard
	payload := "2026-11-21T14:00:00.000000001+02:00 hello\n"
	stream := append([]byte{1, 0, 0, 0, 0, 0, 0, byte(len(payload))}, payload...)
	if err := inPieces(&demux{to: &h}, stream, []int{7}); err != nil {
		t.Fatal(err)
	}
	if want := []spoken{{Stdout, stampOf(noon), "hello\n"}}; !slices.Equal(h.got, want) {
		t.Errorf("got %v, want %v", h.got, want)
	}
}

// TestEngineSays: what the engine itself says in a stream ends it, with its words.
func TestEngineSays(t *testing.T) {
	text := "Error grabbing logs: error decoding log message\n"
	stream := append([]byte{3, 0, 0, 0, 0, 0, 0, byte(len(text))}, text...)
	err := inPieces(&demux{to: &heard{}}, stream, []int{5})
	said, ok := errors.AsType[*engineError](err)
	if !ok || said.text != "Error grabbing logs: error decoding log message" {
		t.Errorf("got %v", err)
	}
}

// TestGarbled: what is no stream is an error, and not output.
func TestGarbled(t *testing.T) {
	for name, stream := range map[string]string{
		"no such source":    "\x07\x00\x00\x00\x00\x00\x00\x05hello",
		"header":            "\x01\x01\x00\x00\x00\x00\x00\x05hello",
		"no stamp":          "\x01\x00\x00\x00\x00\x00\x00\x05hello",
		"long stamp":        "\x01\x00\x00\x00\x00\x00\x00\x64" + fmt.Sprintf("%0100d", 1),
		"frame too large":   "\x01\x00\x00\x00\xff\xff\xff\xff" + string(stampForm) + " x",
		"terminal, words":   "5 bottles\n",
		"terminal, no word": fmt.Sprintf("%0100d", 1),
	} {
		h := &heard{}
		if err := inPieces(&demux{to: h}, []byte(stream), []int{3}); !errors.Is(err, errGarbled) || len(h.got) > 0 {
			t.Errorf("%s: got %v, %v", name, err, h.got)
		}
	}
}

// FuzzDemux: whatever comes, in whatever pieces, nothing breaks, and the pieces
// make no difference.
func FuzzDemux(f *testing.F) {
	f.Add(append(frame(1, stampOf(noon), "hello\n"), frame(2, stampOf(noon), "")...), 3)
	f.Add([]byte(stampForm+" hello\r\n"), 5)
	f.Add([]byte("\x03\x00\x00\x00\x00\x00\x00\x02no"), 1)
	f.Add([]byte("\x01\x00\x00\x00\x00\x00\x00\x280000000000T0 000000.000000000Z "), 10)
	f.Fuzz(func(t *testing.T, stream []byte, size int) {
		var whole, pieces heard
		one := inPieces(&demux{to: &whole}, stream, []int{max(1, len(stream))})
		other := inPieces(&demux{to: &pieces}, stream, []int{size})
		if (one == nil) != (other == nil) || one == nil && !slices.Equal(whole.got, pieces.got) {
			t.Errorf("at once:   %v %v\nin pieces: %v %v", whole.got, one, pieces.got, other)
		}
	})
}
