// Package page looks at the status page with a real Chromium: the tests of
// package foster/report/web/page are here, and so is the browser that the
// end-to-end test and `make screenshots` (package foster/test/page/shots) use.
//
// The browser is headless, has a profile of its own that goes with it, and
// reaches nothing but this machine: it resolves no names, uses no proxy, and is
// told to leave out everything that Chromium does by itself.
package page
