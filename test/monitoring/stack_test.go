package monitoring

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"go.yaml.in/yaml/v4"
)

// scrapes is what counts of prometheus.yml and prometheus-swarm.yml.
type scrapes struct {
	Configs []struct {
		Swarm []struct {
			Host string
		} `yaml:"dockerswarm_sd_configs"`
		DNS []struct {
			Names []string
			Port  string
		} `yaml:"dns_sd_configs"`
	} `yaml:"scrape_configs"`
}

func scraping(t *testing.T, name string) (s scrapes) {
	t.Helper()
	if err := yaml.Unmarshal(read(t, filepath.Join(examples, name)), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// stack is stack.yml, deployed as the README says.
func stack(t *testing.T) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join(examples, "stack.yml")}, cli.WithName("watched"))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

// TestStackAsksAManager: Prometheus takes the configuration that sees a foster in
// trouble, and has what that needs.
func TestStackAsksAManager(t *testing.T) {
	project := stack(t)
	file := filepath.Base(project.Configs["prometheus"].File)
	managers := scraping(t, file).Configs[0].Swarm
	if len(managers) != 1 {
		t.Fatalf("%s asks %d managers", file, len(managers))
	}
	host := managers[0].Host
	prometheus := project.Services["prometheus"]
	if !slices.ContainsFunc(prometheus.Volumes, func(v types.ServiceVolumeConfig) bool { return "unix://"+v.Target == host && v.ReadOnly }) {
		t.Errorf("%s asks %s, which Prometheus does not have: %v", file, host, prometheus.Volumes)
	}
	if prometheus.User != "root" || !slices.Contains(prometheus.Deploy.Placement.Constraints, "node.role == manager") {
		t.Errorf("Prometheus runs as %q on %v: it cannot ask a manager", prometheus.User, prometheus.Deploy.Placement.Constraints)
	}
}

// TestStack: the stack file is one, brings the files that it names, and serves
// where Prometheus looks.
func TestStack(t *testing.T) {
	project := stack(t)
	for name, c := range project.Configs {
		if _, err := os.Stat(c.File); err != nil {
			t.Errorf("config %s: %v", name, err)
		}
	}
	found := scraping(t, "prometheus.yml").Configs[0].DNS[0]
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
