// Package metrics shows a run to Prometheus. docs/metrics.md lists every metric;
// it is made from the code by this package's test.
//
//	loop ──Step──> Metrics: counts what happens                   metrics.go
//	Board ───────> project: how things are, asked at each scrape  project.go
//	engine calls ─> Calls: how long they take, how they end       calls.go, verbs.go
//
// Labels have few values: names of children and causes come from the
// configuration and the code. What each container is called by the engine, or
// what an error says, is no label.
package metrics
