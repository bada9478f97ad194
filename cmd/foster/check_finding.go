package main

import (
	"encoding/json"
	"fmt"
	"io"

	"foster/spec"
)

// level is how much a finding matters.
type level string

const (
	levelOK      level = "ok"
	levelNote    level = "note"    // foster can start; somebody should know
	levelProblem level = "problem" // to be mended first
)

// finding is one thing that the check has seen. Nothing in it is secret.
type finding struct {
	Level   level  `json:"level"`
	Subject string `json:"subject"` // such as "network front" or "child web"
	Text    string `json:"text"`    // continues the subject to a sentence
	Hint    string `json:"hint,omitempty"`
}

func ok(subject, format string, args ...any) finding {
	return finding{Level: levelOK, Subject: subject, Text: fmt.Sprintf(format, args...)}
}

func note(subject, format string, args ...any) finding {
	return finding{Level: levelNote, Subject: subject, Text: fmt.Sprintf(format, args...)}
}

func problem(subject, format string, args ...any) finding {
	return finding{Level: levelProblem, Subject: subject, Text: fmt.Sprintf(format, args...)}
}

// mend adds what the operator can do.
func (f finding) mend(format string, args ...any) finding {
	f.Hint = fmt.Sprintf(format, args...)
	return f
}

// String is the finding on one line.
func (f finding) String() string {
	text := fmt.Sprintf("%-8s%s %s", f.Level, f.Subject, f.Text)
	if f.Hint != "" {
		text += "; " + f.Hint
	}
	return text
}

// problemsOf are the findings that no launch gets past, in the words of a
// launch that is refused.
func problemsOf(all []finding) spec.Problems {
	var problems spec.Problems
	for _, f := range all {
		if f.Level == levelProblem {
			problems = append(problems, spec.Problem{Variable: f.Subject, What: f.Text, Mend: f.Hint})
		}
	}
	return problems
}

// account collects the findings of one check. As text each is printed when it
// is found, problems to stderr; as JSON all of them at the end, to stdout.
type account struct {
	out, errs io.Writer
	json      bool
	all       []finding
}

func (a *account) say(found ...finding) {
	a.all = append(a.all, found...)
	if a.json {
		return
	}
	for _, f := range found {
		w := a.out
		if f.Level == levelProblem {
			w = a.errs
		}
		fmt.Fprintln(w, f)
	}
}

// end closes the account. err is what ended the check early, nil when it came
// to its end; the result is the end of the program.
func (a *account) end(err error) error {
	problems, early := err.(spec.Problems)
	switch {
	case a.json:
		for _, p := range problems {
			a.all = append(a.all, configurationProblem(p))
		}
		if err != nil && !early {
			a.all = append(a.all, problem("engine", "%v", err))
		}
		e := json.NewEncoder(a.out)
		e.SetIndent("", "  ")
		if err := e.Encode(append([]finding{}, a.all...)); err != nil {
			return err
		}
		if early {
			return &exitError{Code: exitConfig}
		}
	case err == nil:
		fmt.Fprintln(a.out, a.summary())
	}
	if err == nil && a.count(levelProblem) > 0 {
		return &exitError{Code: exitConfig}
	}
	return err
}

// configurationProblem is a problem that was found without an engine.
func configurationProblem(p spec.Problem) finding {
	f := problem(p.Variable, "%s", p.What).mend("%s", p.Mend)
	if p.Value != "" {
		f.Text = fmt.Sprintf("%q: %s", p.Value, p.What)
	}
	return f
}

func (a *account) count(l level) int {
	n := 0
	for _, f := range a.all {
		if f.Level == l {
			n++
		}
	}
	return n
}

// summary is the last line.
func (a *account) summary() string {
	plural := func(n int, what string) string {
		if n == 1 {
			return "1 " + what
		}
		return fmt.Sprintf("%d %ss", n, what)
	}
	return fmt.Sprintf("%d ok, %s, %s", a.count(levelOK), plural(a.count(levelNote), "note"), plural(a.count(levelProblem), "problem"))
}
