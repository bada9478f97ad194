// Package status shows how projects are, to people and to scripts.
//
// What is shown is always a report.Status. A foster that runs tells its own;
// where none can be asked, Survey makes one of what the engine has: the labels
// of children say whose they are, and inspect says how they are. Such a one has
// Source "labels" and knows no past: no restarts, faults or recoveries.
//
//	Survey (labels.go)   all projects on an engine, and which fosters run there
//	Inside (inside.go)   asks a foster in a container by exec
//	Asker (asker.go)     does so no more often than there is reason to, for a watch
//	Table, List          one project at length, many in a line for each child (table.go)
//
// Everything is read only.
package status
