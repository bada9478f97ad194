package spec

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/distribution/reference"
)

// general reads what the child is and how it is called.
func (l *launch) general() {
	if w, ok := l.text("LAUNCH_IMAGE"); ok {
		if _, err := reference.ParseAnyReference(w.value); err != nil {
			l.problem("LAUNCH_IMAGE", w, "not an image reference", "write [registry[:port]/]name[:tag][@digest], the name in lower case")
		} else {
			l.set("LAUNCH_IMAGE", "image", w.value)
		}
	} else if l.env.Get("LAUNCH_IMAGE") == "" && !l.env.Broken("LAUNCH_IMAGE") {
		l.problems = append(l.problems, Problem{"LAUNCH_IMAGE", "", "not set", "name the image of the child, or mount a compose file at " + DefaultFile + ", or name one with FOSTER_FILE"})
	}
	if w, ok := l.text("LAUNCH_COMMAND"); ok {
		l.set("LAUNCH_COMMAND", "command", unescapeQuotes(w.value))
	}
	if w, ok := l.text("LAUNCH_PULL"); ok {
		policy, _, err := parsePull(w.value)
		if err != nil {
			l.problem("LAUNCH_PULL", w, err.Error(), "write always, missing, never, daily, weekly or every_12h (true is always, false is missing)")
		}
		name := policy.String()
		if policy == PullRefresh { // with its time
			name = strings.ToLower(w.value)
		}
		l.set("LAUNCH_PULL", "pull_policy", name)
	}
	if w, ok := l.text("LAUNCH_CONTAINER_NAME"); ok {
		if !engineName.MatchString(w.value) {
			l.problem("LAUNCH_CONTAINER_NAME", w, "not a container name", "use two or more letters, digits, '_', '.' and '-', a letter or digit first")
		} else {
			l.set("LAUNCH_CONTAINER_NAME", "container_name", w.value)
		}
	}
	if w, ok := l.text("LAUNCH_STOP_GRACE_PERIOD"); ok {
		if d, err := ParseDuration(w.value); err != nil {
			l.problem("LAUNCH_STOP_GRACE_PERIOD", w, err.Error(), "write for example 30s or 1m30s; a plain number is seconds")
		} else {
			l.set("LAUNCH_STOP_GRACE_PERIOD", "stop_grace_period", d.String())
		}
	}
}

// unescapeQuotes undoes the backslashes that swarm-launcher demanded before
// double quotes, where they are consistent: with every double quote escaped
// the command can only have been written for it.
func unescapeQuotes(command string) string {
	if strings.Count(command, `"`) == 0 || strings.Count(command, `"`) != strings.Count(command, `\"`) {
		return command
	}
	return strings.ReplaceAll(command, `\"`, `"`)
}

// surroundings reads what the child finds around itself.
func (l *launch) surroundings() {
	var environment []word
	for _, w := range l.list("LAUNCH_ENVIRONMENTS") {
		name, _, assigned := strings.Cut(w.value, "=")
		if name == "" || strings.ContainsAny(name, " \t\n\x00") {
			l.problem("LAUNCH_ENVIRONMENTS", w, "no variable's name before '='", "write NAME=value, and quotes around it when the value holds a space")
			continue
		}
		if _, ok := l.lookup(name); !assigned && !ok {
			l.warn("%s: word %d has no '=', and foster has no variable of that name to pass on; a value with a space needs quotes around it", l.env.Origin("LAUNCH_ENVIRONMENTS"), w.number)
		}
		environment = append(environment, w)
	}
	if len(environment) > 0 {
		l.set("LAUNCH_ENVIRONMENTS", "environment", values(environment))
	}
	l.setList("LAUNCH_ENVFILES", "env_file", func(path string) error { return checkEnvFile(path, l.lookup) },
		"mount it into foster's own container, lines of NAME=value in it, and give its absolute path")
	l.setLabels()
}

// checkEnvFile says what is wrong with an env file, never what is in it.
func checkEnvFile(path string, lookup func(string) (string, bool)) error {
	if !strings.HasPrefix(path, "/") {
		return errors.New("not an absolute path")
	}
	if _, err := readValue(path); err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return errors.New("the file cannot be read")
	}
	defer file.Close()
	if _, err := dotenv.ParseWithLookup(file, lookup); err != nil {
		if line := lineNumber.FindString(err.Error()); line != "" {
			return fmt.Errorf("not an env file: %s is malformed", line)
		}
		return errors.New("not an env file")
	}
	return nil
}

var lineNumber = regexp.MustCompile(`\bline \d+`)

// setLabels adds the child's labels behind swarm-launcher's own.
func (l *launch) setLabels() {
	labels := []any{LabelStartedBy + "=" + StartedBy}
	for _, w := range l.list("LAUNCH_LABELS") {
		name, _, _ := strings.Cut(w.value, "=")
		switch {
		case name == "":
			l.problem("LAUNCH_LABELS", w, "no label's name before '='", "write name=value")
		case strings.HasPrefix(name, labelPrefix) || strings.HasPrefix(name, "com.docker.compose."):
			l.problem("LAUNCH_LABELS", w, "a label that foster sets itself", "choose a name outside foster. and com.docker.compose.")
		default:
			labels = append(labels, w.value)
		}
	}
	l.set("LAUNCH_LABELS", "labels", labels)
}

// hostsEntry accepts name:address and name=address.
func hostsEntry(s string) error {
	i := strings.IndexAny(s, ":=")
	if i <= 0 {
		return errors.New("not of the form name:address")
	}
	name, address := s[:i], strings.Trim(s[i+1:], "[]")
	if !hostName.MatchString(name) {
		return errors.New("not a host name before the ':'")
	}
	if address == "host-gateway" {
		return nil
	}
	if _, err := netip.ParseAddr(address); err != nil {
		return errors.New("not an address behind the ':'")
	}
	return nil
}

func dnsServer(s string) error {
	if _, err := netip.ParseAddr(s); err != nil {
		return errors.New("not an IP address")
	}
	return nil
}

func dnsDomain(s string) error {
	if s == "." || hostName.MatchString(strings.TrimSuffix(s, ".")) {
		return nil
	}
	return errors.New("not a domain")
}

// hostname accepts what the kernel takes as a host's name.
func hostname(s string) error {
	if len(s) > 64 || !hostName.MatchString(s) {
		return errors.New("not a host name")
	}
	return nil
}
