package spec

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// maxFile is the largest secret, as in Swarm.
const maxFile = 500 << 10

const (
	kindSecrets = "secrets"
	kindConfigs = "configs"
)

// fileUse is one use of a secret or config in a service.
type fileUse struct {
	at    string // in the document
	kind  string
	asked types.FileReferenceConfig
}

// filesOf are a service's secrets and configs, read and sorted by path. Unlike
// Compose, which binds a file of the host, foster reads `file` in its own
// container and copies it: owner and mode hold, and a Swarm secret is within reach.
func filesOf(doc *types.Project, s types.ServiceConfig, where string) (files []File, warnings []string, problems Problems) {
	var asked []fileUse
	at := "services." + s.Name + "."
	for i, secret := range s.Secrets {
		asked = append(asked, fileUse{fmt.Sprintf("%ssecrets[%d]", at, i), kindSecrets, types.FileReferenceConfig(secret)})
	}
	for i, config := range s.Configs {
		asked = append(asked, fileUse{fmt.Sprintf("%sconfigs[%d]", at, i), kindConfigs, types.FileReferenceConfig(config)})
	}
	bad := func(at, what, mend string) { problems = append(problems, Problem{where, at, what, mend}) }
	for _, u := range asked {
		content, given, err := u.content(doc)
		if err != nil {
			bad(u.kind+"."+u.asked.Source, err.Error(), mendContent(err))
			continue
		}
		if !given {
			continue
		}
		file, err := u.file(content)
		if err != nil {
			bad(u.at, err.Error(), "write uid and gid as numbers, mode as permission bits such as 0440, and target as the path of a file")
			continue
		}
		switch over := covering(s, file.Path); {
		case s.ReadOnly:
			bad(u.at, "the service is read_only: nothing can be put into its container", "bind-mount a file of the host with volumes, or give up read_only")
		case over.hides:
			bad(u.at, file.Path+" lies below "+over.target+", which is mounted over it", "give it a target elsewhere")
		case over.target != "":
			warnings = append(warnings, where+": "+u.at+" is put into the volume at "+over.target+", and stays there after the child")
		}
		if slices.ContainsFunc(files, func(f File) bool { return f.Path == file.Path }) {
			bad(u.at, "another one has the target "+file.Path, "give one of the two another target")
			continue
		}
		files = append(files, file)
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files, warnings, problems
}

// file is what is put into the container.
func (u fileUse) file(content []byte) (File, error) {
	target := u.asked.Target
	switch {
	case target == "" && u.kind == kindSecrets:
		target = "/run/secrets/" + u.asked.Source
	case target == "":
		target = "/" + u.asked.Source
	case !path.IsAbs(target) && u.kind == kindSecrets:
		target = "/run/secrets/" + target
	case !path.IsAbs(target):
		target = "/" + target
	}
	if target = path.Clean(target); target == "/" {
		return File{}, errors.New("the target is no file")
	}
	sum := sha256.Sum256(content)
	f := File{Path: target, Content: content, Mode: 0o444, Sum: hex.EncodeToString(sum[:])}
	if u.asked.Mode != nil {
		f.Mode = int64(*u.asked.Mode)
	}
	if f.Mode < 0 || f.Mode > 0o7777 {
		return File{}, errors.New("the mode is more than permission bits")
	}
	var err error
	if f.UID, err = number(u.asked.UID); err == nil {
		f.GID, err = number(u.asked.GID)
	}
	return f, err
}

func number(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	return int(n), nil
}

var (
	errNoFile   = errors.New("there is no such file in foster's own container")
	errBadFile  = errors.New("the file cannot be read in foster's own container")
	errVariable = errors.New("the variable that environment names is not set")
	errTooLarge = errors.New("larger than 500 KiB, the most that Swarm takes too")
)

func mendContent(err error) string {
	switch {
	case errors.Is(err, errVariable):
		return "set it in foster's own environment"
	case errors.Is(err, errTooLarge):
		return "bind-mount a file of the host with volumes"
	}
	return "mount it into foster's own container, as a Swarm secret or config or with a bind; a file of the host is for volumes: /host/path:/path:ro"
}

// content reads the source. Compose makes no file of an empty text; then there
// is nothing given.
func (u fileUse) content(doc *types.Project) (content []byte, given bool, err error) {
	source := types.FileObjectConfig(doc.Configs[u.asked.Source])
	if u.kind == kindSecrets {
		source = types.FileObjectConfig(doc.Secrets[u.asked.Source])
	}
	switch {
	case source.Content != "":
		content = []byte(source.Content)
	case source.Environment != "":
		value, ok := doc.Environment[source.Environment]
		if !ok {
			return nil, false, errVariable
		}
		content = []byte(value)
	case source.File != "":
		content, err = readContent(source.File)
		return content, true, err
	}
	if len(content) > maxFile {
		return nil, false, errTooLarge
	}
	return content, len(content) > 0, nil
}

func readContent(name string) ([]byte, error) {
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoFile
	}
	if err != nil {
		return nil, errBadFile
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errBadFile
	}
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return nil, errBadFile
	case len(content) > maxFile:
		return nil, errTooLarge
	}
	return content, nil
}

// cover is a mount that a path in the container lies below.
type cover struct {
	target string
	hides  bool // what is put there before the start cannot be seen after it
}

// covering finds the innermost mount over a path. What is put below one that
// lives in memory, or that cannot be written, would not be there.
func covering(s types.ServiceConfig, file string) (c cover) {
	over := func(target string, hides bool) {
		target = path.Clean(target)
		if len(target) >= len(c.target) && (file == target || strings.HasPrefix(file, strings.TrimSuffix(target, "/")+"/")) {
			c = cover{target, hides}
		}
	}
	for _, always := range []string{"/dev", "/proc", "/sys"} {
		over(always, true)
	}
	for _, t := range s.Tmpfs {
		target, _, _ := strings.Cut(t, ":")
		over(target, true)
	}
	for _, v := range s.Volumes {
		over(v.Target, v.ReadOnly || v.Type == types.VolumeTypeTmpfs || v.Type == types.VolumeTypeImage)
	}
	return c
}
