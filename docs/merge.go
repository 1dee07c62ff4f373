package docs

import (
	"maps"
	"slices"
	"strings"
)

// mergeSwagger returns the application's document in Swagger 2.0 with ginauth's calls.
func (o *own) mergeSwagger(app application) object {
	var document, ours object
	_ = convert(app.swagger, &document)
	_ = convert(o.swagger, &ours)
	walk(ours, func(value object) { delete(value, codesMember) })
	addMissing(member(document, "definitions"), member(ours, "definitions"))
	o.merge(document, ours, member(document, "securityDefinitions"), member(ours, "securityDefinitions"))
	document["securityDefinitions"] = o.inOrder(member(document, "securityDefinitions"))
	return document
}

// mergeOpenAPI returns the application's document in OpenAPI 3 with ginauth's calls.
// The paths begin at root, seen from the document.
func (o *own) mergeOpenAPI(app application, root string) (object, error) {
	ours, err := toOpenAPI(o.swagger)
	if err != nil {
		return nil, err
	}
	var document object
	_ = convert(app.openAPI, &document)
	completeOpenAPI(ours)
	if version, _ := document["openapi"].(string); !strings.HasPrefix(version, "3.0") {
		nullAsType(ours)
	}
	o.addBearer(ours, document)
	components, own := member(document, "components"), member(ours, "components")
	addMissing(member(components, "schemas"), member(own, "schemas"))
	o.merge(document, ours, member(components, "securitySchemes"), member(own, "securitySchemes"))
	components["securitySchemes"] = o.inOrder(member(components, "securitySchemes"))
	document["servers"] = []object{{"url": root}}
	return document, nil
}

// merge adds ginauth's paths, schemes and tags. The application's calls come first,
// and where both describe one call, its own description stays.
func (o *own) merge(document, ours, schemes, ourSchemes object) {
	addMissing(schemes, ourSchemes)
	paths := member(document, "paths")
	for name, item := range member(ours, "paths") {
		addMissing(member(paths, name), item.(object))
	}
	document["paths"] = ordered{members: paths, last: o.order}
	tags, _ := document["tags"].([]any)
	isDeclared := func(name any) bool {
		return slices.ContainsFunc(tags, func(tag any) bool { declared, _ := tag.(object); return declared["name"] == name })
	}
	eachOperation(object{"paths": maps.Clone(paths)}, func(operation object) {
		names, _ := operation["tags"].([]any)
		for _, name := range names {
			if !isDeclared(name) && !o.hasTag(name) {
				tags = append(tags, object{"name": name})
			}
		}
	})
	ownTags, _ := o.swagger["tags"].([]any)
	for _, tag := range ownTags {
		if !isDeclared(tag.(object)["name"]) {
			tags = append(tags, tag)
		}
	}
	if len(tags) > 0 {
		document["tags"] = tags
	}
}

func (o *own) hasTag(name any) bool {
	tags, _ := o.swagger["tags"].([]any)
	return slices.ContainsFunc(tags, func(tag any) bool { return tag.(object)["name"] == name })
}

// inOrder puts the admin secret first, since people need it first on the page.
func (o *own) inOrder(schemes object) ordered {
	first := []string{"AdminSecret", prefix + "AdminSecret"}
	return ordered{members: schemes, first: append(append(first, o.ways...), "Account", prefix+"Account")}
}
