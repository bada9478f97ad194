package monitoring

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"go.yaml.in/yaml/v4"
)

// scrapes is what counts of prometheus.yml.
type scrapes struct {
	Configs []struct {
		DNS []struct {
			Names []string
			Port  string
		} `yaml:"dns_sd_configs"`
	} `yaml:"scrape_configs"`
}

// TestStack: the stack file is one, brings the files that it names, and serves
// where Prometheus looks.
func TestStack(t *testing.T) {
	options, err := cli.NewProjectOptions([]string{filepath.Join(examples, "stack.yml")}, cli.WithName("watched"))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range project.Configs {
		if _, err := os.Stat(c.File); err != nil {
			t.Errorf("config %s: %v", name, err)
		}
	}
	var s scrapes
	if err := yaml.Unmarshal(read(t, filepath.Join(examples, "prometheus.yml")), &s); err != nil {
		t.Fatal(err)
	}
	found := s.Configs[0].DNS[0]
	service, err := project.GetService(strings.TrimPrefix(found.Names[0], "tasks.watched_"))
	if err != nil {
		t.Fatal(err)
	}
	if listen := service.Environment["FOSTER_LISTEN"]; listen == nil || *listen != ":"+found.Port || service.Deploy.Labels["foster.port"] != found.Port {
		t.Errorf("Prometheus looks at port %s, the service listens on %v and says %q", found.Port, listen, service.Deploy.Labels["foster.port"])
	}
	for _, name := range []string{service.Name, "prometheus"} {
		if _, shared := project.Services[name].Networks["monitoring"]; !shared {
			t.Errorf("%s is not on the shared network", name)
		}
	}
}
