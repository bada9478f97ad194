package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// source is one compose file as it was read. compose-go loads the content; the
// parsed documents are for telling where in the file something is wrong.
type source struct {
	file      string
	content   []byte
	documents []*yaml.Node // each a mapping
}

// newSource parses a file; there are no problems when it is YAML, and no key
// in it is there twice.
func newSource(file string, content []byte) (source, Problems) {
	s := source{file: file, content: content}
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return s, s.repeated()
		}
		if err != nil {
			return s, Problems{{at(file, lineIn(err.Error())), "", "not YAML: " + strings.TrimPrefix(err.Error(), "yaml: "), "mend the line, or the one before it"}}
		}
		if len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
			return s, Problems{{at(file, document.Line), "", "not a compose file: no mapping at its top", "begin with services:"}}
		}
		s.documents = append(s.documents, document.Content[0])
	}
}

// repeated finds the keys that a mapping has twice.
func (s source) repeated() (problems Problems) {
	var walk func(node *yaml.Node)
	walk = func(node *yaml.Node) {
		first := map[string]int{}
		for i, n := range node.Content {
			if node.Kind == yaml.MappingNode && i%2 == 0 {
				if line, twice := first[n.Value]; twice {
					problems = append(problems, Problem{at(s.file, n.Line), "", fmt.Sprintf("%s is there twice, first in line %d", n.Value, line), "keep one of the two, or call one otherwise"})
				} else {
					first[n.Value] = n.Line
				}
			}
			walk(n)
		}
	}
	for _, document := range s.documents {
		walk(document)
	}
	return problems
}

// lineIn is the first line that a parser's message names, 0 for none.
func lineIn(message string) int {
	line := regexp.MustCompile(`\bline (\d+)`).FindStringSubmatch(message)
	if line == nil {
		return 0
	}
	n, err := strconv.Atoi(line[1])
	if err != nil {
		return 0
	}
	return n
}

// at is a place in a file as compilers write it.
func at(file string, line int) string {
	if line <= 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// find follows a path such as services.web.ports as far as the file has it:
// the line, and how much of the path was found.
func (s source) find(path string) (line, length int) {
	for _, document := range slices.Backward(s.documents) { // the last one counts
		if l, n := follow(document, path); n > length {
			line, length = l, n
		}
	}
	return line, length
}

func follow(node *yaml.Node, path string) (line, length int) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if node == nil || path == "" {
		return 0, 0
	}
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := node.Content[i]
			rest, ok := strings.CutPrefix(path, key.Value)
			if !ok || key.Value == "" || rest != "" && rest[0] != '.' && rest[0] != '[' {
				continue
			}
			own, deeper := key.Line, len(key.Value)
			if l, n := follow(node.Content[i+1], strings.TrimPrefix(rest, ".")); n > 0 {
				own, deeper = l, deeper+1+n
			}
			if deeper > length {
				line, length = own, deeper
			}
		}
	case yaml.SequenceNode:
		index := listIndex.FindStringSubmatch(path)
		if index == nil {
			return 0, 0
		}
		n, err := strconv.Atoi(index[1])
		if err != nil || n >= len(node.Content) {
			return 0, 0
		}
		line, length = node.Content[n].Line, len(index[0])
		if l, more := follow(node.Content[n], strings.TrimPrefix(path[len(index[0]):], ".")); more > 0 {
			line, length = l, length+1+more
		}
	}
	return line, length
}

var listIndex = regexp.MustCompile(`^\[?(\d+)\]?`)

// part is a document with one thing in it, and where that stands in the file.
type part struct {
	path     string
	document map[string]any
}

// parts are the pieces of the file that compose-go can judge alone: each
// service, network and so on, each include. What !reset takes away is left out.
func (s source) parts() []part {
	var parts []part
	for _, document := range s.documents {
		for i := 0; i+1 < len(document.Content); i += 2 {
			key, node := document.Content[i].Value, document.Content[i+1]
			value, ok := plain(node)
			if !ok {
				continue
			}
			switch v := value.(type) {
			case map[string]any:
				if strings.HasPrefix(key, "x-") {
					continue
				}
				if len(v) == 0 {
					parts = append(parts, part{key, map[string]any{key: v}})
				}
				for name, one := range v {
					parts = append(parts, part{key + "." + name, map[string]any{key: map[string]any{name: one}}})
				}
			case []any:
				for i, one := range v {
					parts = append(parts, part{fmt.Sprintf("%s[%d]", key, i), map[string]any{key: []any{one}}})
				}
			default:
				parts = append(parts, part{key, map[string]any{key: v}})
			}
		}
	}
	return parts
}

// plain is what a node says without the tags that only Compose knows; not ok
// when that is nothing.
func plain(node *yaml.Node) (value any, ok bool) {
	if node.Tag == "!reset" {
		return nil, false
	}
	if err := untagged(node).Decode(&value); err != nil {
		return nil, false
	}
	return value, true
}

func untagged(node *yaml.Node) *yaml.Node {
	out := *node
	if out.Tag == "!override" {
		out.Tag = ""
	}
	out.Content = nil
	step := 1
	if node.Kind == yaml.MappingNode {
		step = 2
	}
	for i := 0; i+step <= len(node.Content); i += step {
		if value := node.Content[i+step-1]; value.Tag != "!reset" {
			out.Content = append(append(out.Content, node.Content[i:i+step-1]...), untagged(value))
		}
	}
	return &out
}
