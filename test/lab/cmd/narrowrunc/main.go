// Command narrowrunc stands in front of runc on machines where root has fewer rights than usual: some containers and
// virtual machines take capabilities out of the bounding set.
//
// Engine 20.10 asks for every capability it knows when a container is privileged, and runc refuses what it may not
// give. narrowrunc takes out of the request what cannot be had here (capabilities outside the bounding set; without
// CAP_SYS_RESOURCE also limits above the present hard ones and an OOM score below the present one), writes it back
// and becomes runc. The engine is none the wiser: `docker inspect` shows what was asked for.
//
// It is found as "runc" before the real one in the engine's PATH.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "narrowrunc: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	real, err := realRunc()
	if err != nil {
		return err
	}
	r, err := presentRights()
	if err != nil {
		return err
	}
	bundle, process := requests(os.Args[1:])
	if bundle != "" {
		if err := rewrite(filepath.Join(bundle, "config.json"), r.narrowBundle); err != nil {
			return err
		}
	}
	if process != "" {
		if err := rewrite(process, r.narrowProcess); err != nil {
			return err
		}
	}
	return syscall.Exec(real, append([]string{"runc"}, os.Args[1:]...), os.Environ())
}

// requests finds what runc is to read: the bundle of a new container, the process file of an exec.
func requests(args []string) (bundle, process string) {
	take := map[string]*string{"--bundle": &bundle, "-b": &bundle, "--process": &process, "-p": &process}
	for i, a := range args {
		if name, value, ok := strings.Cut(a, "="); ok && take[name] != nil {
			*take[name] = value
		} else if take[a] != nil && i+1 < len(args) {
			*take[a] = args[i+1]
		}
	}
	return bundle, process
}

// realRunc is the first runc in PATH that is not this program.
func realRunc() (string, error) {
	self, err := os.Stat("/proc/self/exe")
	if err != nil {
		return "", err
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		path := filepath.Join(dir, "runc")
		info, err := os.Stat(path)
		if err == nil && info.Mode()&0o111 != 0 && !os.SameFile(self, info) {
			return path, nil
		}
	}
	return "", fmt.Errorf("find runc: none in PATH %q", os.Getenv("PATH"))
}
