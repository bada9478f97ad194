// The program shots, which `make screenshots` runs, takes the pictures of the
// status page that the documentation shows: of a real foster on a private
// engine, after real faults, with one child in a crash loop.
package main
