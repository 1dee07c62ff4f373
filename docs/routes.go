package docs

import (
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"
)

// addRoutes lists the application's routes that no annotation describes, so that
// they can be tried on the page. Gin does not tell which are guarded, so each may be
// called with a key or without one.
func (o *own) addRoutes(app application, routes gin.RoutesInfo) {
	for _, route := range routes {
		method := strings.ToLower(route.Method)
		if isOwn(route) || !isOperation(method) {
			continue
		}
		name, parameters := toTemplate(route.Path)
		if isDescribed(app, name, method) {
			continue
		}
		operation := object{
			"tags": []any{"application"}, "summary": route.Method + " " + route.Path, "parameters": parameters,
			"description": "This route has no annotation. Whether it needs a key is not known.",
			"responses":   object{"default": object{"description": "The answer of the application."}},
			"security":    append([]any{object{}}, alternatives(o.swaggerWays)...),
		}
		o.declareTag(operation)
		member(member(o.swagger, "paths"), name)[method] = operation
	}
}

func isDescribed(app application, path, method string) bool {
	for _, document := range []object{app.swagger, app.openAPI} {
		item, _ := member(document, "paths")[path].(object)
		if item[method] != nil {
			return true
		}
	}
	return false
}

// isOwn reports whether a route is ginauth's, by the package of its handler.
func isOwn(route gin.RouteInfo) bool {
	const module = "github.com/ginauth/ginauth/"
	return strings.HasPrefix(route.Handler, module+"internal/api/") || strings.HasPrefix(route.Handler, module+"docs.")
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
