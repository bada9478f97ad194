package spec

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/go-units"
)

// ParseBool reads a string-valued boolean: true, yes, 1 or false, no, 0, in
// any case. Anything else is an error.
func ParseBool(s string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "yes", "1":
		return true, nil
	case "false", "no", "0":
		return false, nil
	}
	return false, errors.New("not a boolean")
}

var digits = regexp.MustCompile(`^[0-9]+$`)

// ParseDuration reads a duration as Compose does (1m30s, 500ms, 2h); a plain
// number is seconds. It is never negative.
func ParseDuration(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, errors.New("not a duration")
	}
	if digits.MatchString(s) {
		s += "s"
	}
	var d types.Duration
	if err := d.DecodeMapstructure(s); err != nil {
		return 0, errors.New("not a duration")
	}
	if d < 0 {
		return 0, errors.New("a negative duration")
	}
	return time.Duration(d), nil
}

// parseSize reads bytes with an optional unit (64m, 1gb).
func parseSize(s string) (int64, error) {
	n, err := units.RAMInBytes(strings.TrimSpace(s))
	if err != nil || n < 0 || n == math.MaxInt64 {
		return 0, errors.New("not a size")
	}
	return n, nil
}

// parseUlimit reads name=limit or name=soft:hard; -1 is no limit.
func parseUlimit(s string) (*units.Ulimit, error) {
	name, limits, ok := strings.Cut(s, "=")
	if !ok || name == "" {
		return nil, errors.New("not of the form name=limit or name=soft:hard")
	}
	for _, limit := range strings.Split(limits, ":") {
		if limit == "" {
			return nil, errors.New("not of the form name=limit or name=soft:hard")
		}
		if _, err := strconv.ParseInt(limit, 10, 64); err != nil {
			return nil, fmt.Errorf("%q is not a whole number", limit)
		}
	}
	u, err := units.ParseUlimit(s)
	if err != nil {
		return nil, fmt.Errorf("not a ulimit: %w", err)
	}
	for _, n := range []int64{u.Soft, u.Hard} {
		if n < -1 {
			return nil, errors.New("a limit below -1")
		}
	}
	return u, nil
}
