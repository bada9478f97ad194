// Command docker-credential-lab is a credential helper for tests. It knows what
// is in the file that LAB_CREDENTIALS names: {"host:port": ["user", "secret"]}.
// Like its real siblings it is asked with "get" and the registry on stdin.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	if err := get(); err != nil {
		fmt.Println(err) // Docker reads the reason from stdout
		os.Exit(1)
	}
}

func get() error {
	if len(os.Args) != 2 || os.Args[1] != "get" {
		return fmt.Errorf("usage: %s get", os.Args[0])
	}
	server, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(os.Getenv("LAB_CREDENTIALS"))
	if err != nil {
		return err
	}
	var known map[string][2]string
	if err := json.Unmarshal(raw, &known); err != nil {
		return fmt.Errorf("%w in %s", err, raw)
	}
	login, ok := known[strings.TrimSpace(string(server))]
	if !ok {
		return fmt.Errorf("credentials not found in native keychain")
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]string{"ServerURL": string(server), "Username": login[0], "Secret": login[1]})
}
