// Package methods mounts calls, and answers other methods on their paths.
package methods

import (
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// Table mounts calls and remembers which methods each path has.
type Table struct {
	group   gin.IRouter
	calls   gin.IRouter
	allowed map[string][]string
	paths   []string
}

// New returns a table for calls on a group of routes, each behind the handlers. It panics
// below a guard, which takes the credentials out of each request, so that every call were
// answered as if none had been sent; name is the function that people have called.
func New(name string, group gin.IRouter, handlers ...gin.HandlerFunc) *Table {
	if hasGuard(group) {
		panic("ginauth: " + name + " is below a Guard, which takes the credentials out of each request: call it before Use(auth.Guard()), or guard groups of routes")
	}
	return &Table{group: group, calls: group.Group("", handlers...), allowed: map[string][]string{}}
}

// GET mounts a call.
func (t *Table) GET(path string, handler gin.HandlerFunc) { t.add(http.MethodGet, path, handler) }

// POST mounts a call.
func (t *Table) POST(path string, handler gin.HandlerFunc) { t.add(http.MethodPost, path, handler) }

func (t *Table) add(method, path string, handler gin.HandlerFunc) {
	t.calls.Handle(method, path, handler)
	if t.allowed[path] == nil {
		t.paths = append(t.paths, path)
	}
	t.allowed[path] = append(t.allowed[path], method)
}

// RefuseOthers has other methods on the same paths answered by refuse, which is told the
// value of Allow. The group's own root is left out, since an application has routes
// there, and so is a route that the application has mounted before.
func (t *Table) RefuseOthers(refuse func(c *gin.Context, allow string)) {
	if gin.IsDebugging() { // its list of routes would have four more lines for each call
		gin.SetMode(gin.ReleaseMode)
		defer gin.SetMode(gin.DebugMode)
	}
	for _, path := range t.paths {
		if path == "" {
			continue
		}
		allow := strings.Join(t.allowed[path], ", ")
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
			if !slices.Contains(t.allowed[path], method) {
				mountIfFree(t.group, method, path, func(c *gin.Context) { refuse(c, allow) })
			}
		}
	}
}

// mountIfFree leaves a route that is there already alone. Gin tells so by a panic only.
func mountIfFree(group gin.IRouter, method, path string, handler gin.HandlerFunc) {
	defer func() { _ = recover() }()
	group.Handle(method, path, handler)
}

// hasGuard reports whether a group of routes is below a guard of any Auth. Its handlers
// are compared by name, as Gin names them.
func hasGuard(group gin.IRouter) bool {
	var handlers gin.HandlersChain
	switch group := group.(type) {
	case *gin.RouterGroup:
		handlers = group.Handlers
	case *gin.Engine:
		handlers = group.Handlers
	}
	return slices.ContainsFunc(handlers, func(handler gin.HandlerFunc) bool {
		name := runtime.FuncForPC(reflect.ValueOf(handler).Pointer()).Name()
		return strings.HasPrefix(name, "github.com/ginauth/ginauth/internal/guard.")
	})
}
