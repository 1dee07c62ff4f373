package docs

import (
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"
)

// addRoutes lists the application's routes that no annotation describes, so that
// they can be tried on the page. Gin does not tell which are guarded, so each may be
// called with a key or without one.
func addRoutes(spec object, routes gin.RoutesInfo) {
	paths := member(spec, "paths")
	for _, route := range routes {
		method := strings.ToLower(route.Method)
		if isOwn(route) || !isOperation(method) {
			continue
		}
		name, parameters := toTemplate(route.Path)
		operations := member(paths, name)
		if _, isDescribed := operations[method]; isDescribed {
			continue
		}
		operations[method] = object{
			"tags": []string{"application"}, "summary": route.Method + " " + route.Path, "parameters": parameters,
			"description": "This route has no annotation. Whether it needs a key is not known.",
			"responses":   object{"default": object{"description": "The answer of the application."}},
			"security":    securityFrom(spec),
		}
	}
}

// isOwn reports whether a route is ginauth's, by the package of its handler.
func isOwn(route gin.RouteInfo) bool {
	const module = "github.com/ginauth/ginauth/"
	return strings.HasPrefix(route.Handler, module+"internal/api/") || strings.HasPrefix(route.Handler, module+"docs.")
}

// isOperation reports whether Swagger 2.0 knows the method.
func isOperation(method string) bool {
	switch method {
	case "get", "put", "post", "delete", "options", "head", "patch":
		return true
	default:
		return false
	}
}

// parameter is one of a path's in the form of Gin, ":name" or "*name".
var parameter = regexp.MustCompile(`[:*]([^/]+)`)

// toTemplate writes a path as Swagger does, with its parameters.
func toTemplate(path string) (template string, parameters []object) {
	parameters = []object{}
	for _, match := range parameter.FindAllStringSubmatch(path, -1) {
		parameters = append(parameters, object{"name": match[1], "in": "path", "required": true, "type": "string"})
	}
	return parameter.ReplaceAllString(path, "{$1}"), parameters
}

// securityFrom offers each way to send a key, and none.
func securityFrom(spec object) []object {
	ways := []object{{}}
	for _, name := range []string{"ApiKeyHeader", "ApiKeyQuery"} {
		if _, ok := member(spec, "securityDefinitions")[name]; ok {
			ways = append(ways, object{name: []string{}})
		}
	}
	return ways
}
