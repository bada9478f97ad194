package main

import (
	"testing"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"

	"foster/test/engine"
)

func TestCheckHealth(t *testing.T) {
	s := newSurveyed(t, "")
	s.AddImage("healthy:1", engine.Image{Config: dockerspec.DockerOCIImageConfig{DockerOCIImageConfigExt: dockerspec.DockerOCIImageConfigExt{
		Healthcheck: &dockerspec.HealthcheckConfig{Test: []string{"CMD", "true"}},
	}}})
	document := `
services:
  app: {image: "app:1", depends_on: {mute: *healthy, own: *healthy, image: *healthy, off: *healthy, absent: *healthy, optional: {condition: service_healthy, required: false}}}
  mute: {image: "app:1"}
  own: {image: "app:1", healthcheck: {test: [CMD, "true"]}}
  image: {image: "healthy:1"}
  off: {image: "healthy:1", healthcheck: {disable: true}}
  absent: {image: "gone:1"}
  optional: {image: "app:1"}
`
	document = "x-h: &healthy {condition: service_healthy}\n" + document
	checked{s: s, document: document}.finds(t,
		"problem child app waits until child mute is healthy, but neither that service nor its image has a healthcheck; give it a healthcheck",
		"problem child app waits until child off is healthy",
	)
}
