package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mattn/go-isatty"
)

// width is that of the usual terminal.
const width = 78

// account prints what happens, one line for each thing. A line that waits for its end is on the screen already: the
// end is added when it comes.
type account struct {
	out    io.Writer
	colour bool
	open   int // width of a line that waits for its end
	begun  time.Time
}

func newAccount(out io.Writer) *account {
	a := &account{out: out}
	if f, ok := out.(*os.File); ok {
		a.colour = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isatty.IsTerminal(f.Fd())
	}
	return a
}

const (
	bold   = "1"
	faint  = "2"
	red    = "31"
	green  = "32"
	cyan   = "36"
	normal = ""
)

func (a *account) paint(code, text string) string {
	if !a.colour || code == normal || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// finish ends a line that waits, without a word.
func (a *account) finish() {
	if a.open > 0 {
		fmt.Fprintln(a.out)
		a.open = 0
	}
}

func (a *account) write(code, text string) {
	a.finish()
	fmt.Fprintln(a.out, a.paint(code, text))
}

func (a *account) line(format string, args ...any) { a.write(normal, fmt.Sprintf(format, args...)) }
func (a *account) title(format string, args ...any) {
	a.write(bold, fmt.Sprintf(format, args...))
}
func (a *account) blank() { a.write(normal, "") }

// command shows what is typed.
func (a *account) command(text string) { a.write(cyan, "$ "+text) }

// broken says why the demo ends early.
func (a *account) broken(text string) { a.write(red, "demo: "+text) }

// begin shows what is being done; end adds what came of it, or the time it took.
func (a *account) begin(format string, args ...any) {
	a.finish()
	text := "  " + fmt.Sprintf(format, args...) + " "
	fmt.Fprint(a.out, text)
	a.open, a.begun = utf8.RuneCountInString(text), time.Now()
}

// end closes the line that begin opened, with result at its right side; "" is the time since begin.
func (a *account) end(result string) {
	if result == "" {
		result = seconds(time.Since(a.begun))
	}
	dots := max(1, width-a.open-1-utf8.RuneCountInString(result))
	fmt.Fprintln(a.out, a.paint(faint, strings.Repeat(".", dots)), a.paint(green, result))
	a.open = 0
}

// seconds with as many digits as tell something.
func seconds(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
