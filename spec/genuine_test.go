package spec

import (
	"maps"
	"strings"
	"testing"
)

// TestGenuine: what foster makes is told from what only carries its labels.
func TestGenuine(t *testing.T) {
	c := child(t, "LAUNCH_CONTAINER_NAME=box")
	if why := Genuine("box", c.Config.Image, c.Config.Labels); why != "" || c.Config.Image == "" {
		t.Fatalf("foster's own is not: %s", why)
	}
	for _, tc := range []struct {
		name, container, image string
		labels                 map[string]string // over the child's; "": without
		want                   string
	}{
		{"renamed, or a copy", "other", c.Image, nil, "its name is other"},
		{"a commit of it", "box", "snapshot", nil, "made from image snapshot"},
		{"a commit of it by another name", "other", "snapshot", nil, "made from image snapshot"},
		{"by hand", "box", c.Image, map[string]string{LabelSpecHash: "", LabelContainer: "", LabelImage: "", labelComposeHash: ""}, LabelSpecHash},
		{"no hash", "box", c.Image, map[string]string{LabelSpecHash: ""}, LabelSpecHash},
		{"Compose's", "box", c.Image, map[string]string{LabelProject: ""}, LabelProject},
		{"of another Compose project", "box", c.Image, map[string]string{labelComposeProject: "shop"}, "do not agree"},
		{"another service's", "box", c.Image, map[string]string{labelComposeService: "web"}, "do not agree"},
	} {
		labels := maps.Clone(c.Config.Labels)
		for label, value := range tc.labels {
			if labels[label] = value; value == "" {
				delete(labels, label)
			}
		}
		if why := Genuine(tc.container, tc.image, labels); why == "" || !strings.Contains(why, tc.want) {
			t.Errorf("%s: %q, want %q in it", tc.name, why, tc.want)
		}
	}
}

// TestImageLabelsDoNotShowThrough: a child's image may carry labels of foster's.
func TestImageLabelsDoNotShowThrough(t *testing.T) {
	p := mustLoad(t, "LAUNCH_IMAGE=x").Project
	p.Stamp(Identity{}, "")
	for _, label := range []string{LabelProject, LabelChild, LabelParent, LabelTask, LabelService, LabelNode, LabelSpecHash, LabelVersion, LabelContainer, LabelImage} {
		if _, set := p.Children[0].Config.Labels[label]; !set {
			t.Errorf("%s is left to the image", label)
		}
	}
}

// TestForeignLabelsAreRefused: foster's labels are not for a document to give.
func TestForeignLabelsAreRefused(t *testing.T) {
	for where, doc := range map[string]string{
		"services.web.labels.foster.child":     "services: {web: {image: x, labels: {foster.child: y}}}\n",
		"services.web.labels.foster.parent":    "services: {web: {image: x, labels: [foster.parent=y]}}\n",
		"networks.front.labels.foster.project": "services: {web: {image: x, networks: [front]}}\nnetworks: {front: {labels: {foster.project: y}}}\n",
		"volumes.data.labels.foster.project":   "services: {web: {image: x, volumes: ['data:/d']}}\nvolumes: {data: {labels: {foster.project: y}}}\n",
	} {
		if _, err := loadFile(t, doc); err == nil || !strings.Contains(err.Error(), where) || !strings.Contains(err.Error(), "outside foster.") {
			t.Errorf("%s: %v", where, err)
		}
	}
}
