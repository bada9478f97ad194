// Package monitoring checks what examples/monitoring gives to operators, with
// promtool and against the metrics that there are.
package monitoring
