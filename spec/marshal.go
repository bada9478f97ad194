package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// The formats of Marshal.
const (
	FormatYAML = "yaml"
	FormatJSON = "json"
)

// Marshal prints the resolved Compose document without its secrets: the values
// of environment, the content of configs and secrets, whatever is called
// password, token, key or the like, and what came as a secret, wherever it stands. `docker compose` can read
// what remains: a dollar sign is written twice.
func (r *Result) Marshal(format string) ([]byte, error) {
	text, err := r.Document.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("print the document: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var tree map[string]any
	if err := decoder.Decode(&tree); err != nil {
		return nil, fmt.Errorf("print the document: %w", err)
	}
	r.markReady(tree)
	clean := redactor{r.secrets}.tree(nil, tree)
	switch format {
	case FormatJSON:
		return json.MarshalIndent(clean, "", "  ")
	case FormatYAML:
		return yaml.Marshal(clean)
	}
	return nil, fmt.Errorf("print the document: format %q is neither yaml nor json", format)
}

// markReady puts back what makes a service wait for another's port: compose-go
// leaves extensions out.
func (r *Result) markReady(tree map[string]any) {
	for name, s := range r.Document.Services {
		dependencies := mapping(mapping(mapping(tree["services"])[name])["depends_on"])
		for other, d := range s.DependsOn {
			if mark, ok := d.Extensions[readyExtension]; ok && dependencies[other] != nil {
				mapping(dependencies[other])[readyExtension] = mark
			}
		}
	}
}

type redactor struct{ secrets []string }

var (
	// secretName is how secrets are usually called.
	secretName = regexp.MustCompile(`(?i)(pass(word|wd|phrase)?|secret|token|credential|api[-_.]?key|access[-_.]?key|private[-_.]?key|basicauth|auth)($|[-_.:=])`)
	// assignment is one of them inside a longer text: name=value, --name=value.
	assignment = regexp.MustCompile(`(?i)([\w.-]*(?:pass(?:word|wd|phrase)?|secret|token|credential|api[-_.]?key|access[-_.]?key|private[-_.]?key)[\w.-]*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;&]+)`)
	// userinfo is a password in a URL.
	userinfo = regexp.MustCompile(`(://[^/\s:@]*:)[^/\s@]+@`)
)

// tree returns a redacted copy; path is where the node stands.
func (r redactor) tree(path []string, node any) any {
	switch v := node.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range v {
			_, isText := value.(string)
			switch {
			case key == "content" && len(path) == 2 && (path[0] == "configs" || path[0] == "secrets"):
				out[key] = Redacted
			case isEnvironment(path) && value != nil:
				out[key] = Redacted
			case isText && len(path) > 2 && secretName.MatchString(key):
				out[key] = Redacted
			case key == "bind" && len(path) > 0 && path[len(path)-1] == "volumes":
				out[key] = r.bind(append(path[:len(path):len(path)], key), value)
			default:
				out[key] = r.tree(append(path[:len(path):len(path)], key), value)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		hide := false // the word before was --password or the like
		for i, value := range v {
			text, isText := value.(string)
			if hide && isText && !strings.HasPrefix(text, "-") {
				out[i], hide = Redacted, false
				continue
			}
			out[i] = r.tree(path, value)
			hide = isText && strings.HasPrefix(text, "-") && !strings.ContainsAny(text, "= ") && secretName.MatchString(text)
		}
		return out
	case string:
		return r.text(v)
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64()
		return f
	}
	return node
}

// isEnvironment: it is the path of a service's environment, or of a hook's.
func isEnvironment(path []string) bool {
	if len(path) == 0 || path[0] != "services" || path[len(path)-1] != "environment" {
		return false
	}
	return len(path) == 3 || len(path) == 4 && (path[2] == "post_start" || path[2] == "pre_stop")
}

// bind spells create_host_path out: compose-go leaves out true, which older
// versions of Compose read as false.
func (r redactor) bind(path []string, node any) any {
	out, ok := r.tree(path, node).(map[string]any)
	if !ok {
		return node
	}
	if _, set := out["create_host_path"]; !set {
		out["create_host_path"] = true
	}
	return out
}

// text is a text of the document, in which a dollar sign is written twice.
func (r redactor) text(s string) string { return strings.ReplaceAll(r.plain(s), "$", "$$") }

func (r redactor) plain(s string) string {
	for _, secret := range r.secrets {
		s = strings.ReplaceAll(s, secret, Redacted)
	}
	s = assignment.ReplaceAllString(s, "${1}"+Redacted)
	return userinfo.ReplaceAllString(s, "${1}"+Redacted+"@")
}
