package docs

import (
	"reflect"
	"slices"
	"strings"
)

// prefix begins the names of ginauth's that would else be the application's.
const prefix = "Ginauth"

// avoid gives other names to ginauth's schemas, schemes, tags and operations where the
// application uses theirs for something else.
func (o *own) avoid(app application) {
	o.renameDefinitions(app)
	o.renameSchemes(app)
	o.renameTags(app)
	o.renameOperations(app)
}

// renameDefinitions leaves alone what is the same on both sides: an application that
// names ginauth.Problem in its annotations has it in its document.
func (o *own) renameDefinitions(app application) {
	definitions := member(o.swagger, "definitions")
	renamed := taken(definitions, func(name string) bool {
		theirs, ok := member(app.swagger, "definitions")[name]
		if !ok {
			_, ok = member(member(app.openAPI, "components"), "schemas")[name]
		}
		return ok && !isSame(theirs, definitions[name])
	})
	walk(o.swagger, func(value object) {
		ref, _ := value["$ref"].(string)
		if name, ok := renamed[strings.TrimPrefix(ref, "#/definitions/")]; ok {
			value["$ref"] = "#/definitions/" + name
		}
	})
}

// isSame reports whether two schemas differ in descriptions at most.
func isSame(a, b any) bool {
	undescribed := func(schema any) (bare any) {
		_ = convert(schema, &bare)
		walk(bare, func(value object) { delete(value, "description") })
		return bare
	}
	return reflect.DeepEqual(undescribed(a), undescribed(b))
}

func (o *own) renameSchemes(app application) {
	renamed := taken(member(o.swagger, "securityDefinitions"), func(name string) bool {
		_, in2 := member(app.swagger, "securityDefinitions")[name]
		_, in3 := member(member(app.openAPI, "components"), "securitySchemes")[name]
		return in2 || in3
	})
	o.eachOperation(func(operation object) {
		security, _ := operation["security"].([]any)
		for _, way := range security {
			taken(way.(object), func(name string) bool { return renamed[name] != "" })
		}
	})
	for _, ways := range []*[]string{&o.ways, &o.swaggerWays} {
		for n, name := range *ways {
			if renamed[name] != "" {
				(*ways)[n] = renamed[name]
			}
		}
	}
}

// renameTags tells apart groups of calls on the page.
func (o *own) renameTags(app application) {
	used := map[any]bool{}
	for _, document := range []object{app.swagger, app.openAPI} {
		eachOperation(document, func(operation object) {
			names, _ := operation["tags"].([]any)
			for _, name := range names {
				used[name] = true
			}
		})
	}
	rename := func(name any) any {
		if used[name] && name != "application" {
			return "ginauth " + name.(string)
		}
		return name
	}
	tags, _ := o.swagger["tags"].([]any)
	for _, tag := range tags {
		tag.(object)["name"] = rename(tag.(object)["name"])
	}
	o.eachOperation(func(operation object) { operation["tags"] = []any{rename(operation["tags"].([]any)[0])} })
}

func (o *own) renameOperations(app application) {
	used := map[any]bool{}
	for _, document := range []object{app.swagger, app.openAPI} {
		eachOperation(document, func(operation object) { used[operation["operationId"]] = true })
	}
	o.eachOperation(func(operation object) {
		if id, _ := operation["operationId"].(string); id != "" && used[id] {
			operation["operationId"] = strings.ToLower(prefix) + strings.ToUpper(id[:1]) + id[1:]
		}
	})
}

// taken renames the members of an object whose names are taken, and returns their new
// names.
func taken(members object, isTaken func(string) bool) map[string]string {
	renamed := map[string]string{}
	for name := range members {
		if isTaken(name) {
			renamed[name] = prefix + name
		}
	}
	for name, other := range renamed {
		members[other] = members[name]
		delete(members, name)
	}
	return renamed
}

func (o *own) eachOperation(visit func(object)) { eachOperation(o.swagger, visit) }

// eachOperation visits the operations of a document in either format.
func eachOperation(document object, visit func(object)) {
	for _, item := range member(document, "paths") {
		item, _ := item.(object)
		for method, operation := range item {
			if operation, ok := operation.(object); ok && isOperation(method) {
				visit(operation)
			}
		}
	}
}

// isOperation reports whether both formats know the method.
func isOperation(method string) bool {
	return slices.Contains([]string{"get", "put", "post", "delete", "options", "head", "patch"}, method)
}
