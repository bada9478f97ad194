package spec

import (
	"errors"
	"net"
	"strconv"
	"strings"

	"github.com/distribution/reference"
)

// errNoImage is what is wrong with an image that cannot be named so.
var errNoImage = errors.New("not an image reference")

// imageAliases are the DNS names that a service has from its image, as CI
// runners derive them: of registry.example.org:4999/tutum/wordpress:latest they
// are registry.example.org__tutum__wordpress, which no DNS server outside would
// know, and registry.example.org-tutum-wordpress, which is also a valid host
// name. An image without slashes gives one name, an image ID none. The name
// counts as it is written: docker.io/ is not added to it.
func imageAliases(image string) ([]string, error) {
	any, err := reference.ParseAnyReference(image)
	if err != nil {
		return nil, errNoImage
	}
	if _, named := any.(reference.Named); !named {
		return nil, nil
	}
	written, err := reference.Parse(image)
	if err != nil {
		return nil, errNoImage
	}
	name := written.(reference.Named).Name()
	registry, rest, slash := strings.Cut(name, "/")
	if !slash {
		return []string{name}, nil
	}
	if host, _, err := net.SplitHostPort(registry); err == nil {
		name = host + "/" + rest
	}
	return []string{strings.ReplaceAll(name, "/", "__"), strings.ReplaceAll(name, "/", "-")}, nil
}

// numbered tells the n-th service of one image from the first.
func numbered(name string, n int) string {
	if n < 2 {
		return name
	}
	return name + "-" + strconv.Itoa(n)
}

// splitAliases reads `alias`: a list, or one text with spaces or commas.
func splitAliases(value any) ([]string, error) {
	bad := errors.New("neither a name nor a list of names")
	switch v := value.(type) {
	case nil:
		return nil, nil
	case string:
		return strings.FieldsFunc(v, func(r rune) bool { return r == ' ' || r == ',' }), nil
	case []any:
		var out []string
		for _, item := range v {
			name, ok := item.(string)
			if !ok {
				return nil, bad
			}
			out = append(out, name)
		}
		return out, nil
	}
	return nil, bad
}
