package lab

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestPackagesFileNamesEveryPackage(t *testing.T) {
	f, err := os.Open("../packages.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var listed, needed []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line, _, _ := strings.Cut(lines.Text(), "#")
		if line = strings.TrimSpace(line); line != "" {
			listed = append(listed, line)
		}
	}
	for _, r := range required {
		if r.command != "go" {
			needed = append(needed, r.pkg)
		}
	}
	slices.Sort(listed)
	slices.Sort(needed)
	if needed = slices.Compact(needed); !slices.Equal(listed, needed) {
		t.Errorf("packages.txt has %v, a lab needs %v", listed, needed)
	}
}

func TestPrerequisitesNameThePackage(t *testing.T) {
	t.Setenv("PATH", "/nonexistent")
	old := sbin
	sbin = nil
	defer func() { sbin = old }()
	lines := strings.Join(Prerequisites(), "\n")
	for _, want := range []string{"dockerd: install the Debian package docker.io", "docker-init: install the Debian package tini"} {
		if !strings.Contains(lines, want) {
			t.Errorf("%q is missing in:\n%s", want, lines)
		}
	}
}
