package docs

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/swaggo/swag"
)

// application is what the application says of itself, in both formats, with empty
// documents if it says nothing.
type application struct{ swagger, openAPI object }

// readApplication reads what the application registered with swag. Its base path
// moves into its paths, beside which ginauth's must stand, and the page talks to the
// host that it came from.
func readApplication() (application, error) {
	registered := swag.GetSwagger(swag.Name)
	if registered == nil || registered.ReadDoc() == "" {
		return application{
			swagger: object{"swagger": "2.0", "info": ownInfo(), "paths": object{}},
			openAPI: object{"openapi": "3.0.3", "info": ownInfo(), "paths": object{}},
		}, nil
	}
	var document object
	if err := json.Unmarshal([]byte(registered.ReadDoc()), &document); err != nil {
		return application{}, fmt.Errorf("reading the application's document: %w", err)
	}
	if document["openapi"] != nil {
		return fromOpenAPI(document), nil
	}
	base, _ := document["basePath"].(string)
	moveBelow(document, base)
	for _, name := range []string{"basePath", "host", "schemes"} {
		delete(document, name)
	}
	openAPI, err := toOpenAPI(document)
	return application{document, openAPI}, err
}

// ownInfo describes the documents of an application without annotations.
func ownInfo() object {
	const description = "The routes of this application, and the calls of ginauth. " +
		"Press Authorize, paste the admin secret under AdminSecret, and issue a key with POST .../new."
	return object{"title": "ginauth", "version": "1.0", "description": description}
}

// fromOpenAPI reads a document in OpenAPI 3. What Swagger 2.0 cannot say of it is left
// out there.
func fromOpenAPI(document object) application {
	base := ""
	if servers, _ := document["servers"].([]any); len(servers) > 0 {
		first, _ := servers[0].(object)
		address, _ := first["url"].(string)
		if parsed, err := url.Parse(address); err == nil && !strings.Contains(address, "{") {
			base = parsed.Path
		}
	}
	moveBelow(document, base)
	swagger, err := toSwagger(document)
	if err != nil {
		info, _ := document["info"].(object)
		swagger = object{"swagger": "2.0", "paths": object{}, "info": object{
			"title": info["title"], "version": info["version"],
			"description": "The application's own calls are in openapi.json: Swagger 2.0 has no words for them.",
		}}
	}
	return application{swagger, document}
}

// moveBelow moves all paths of a document below a base path.
func moveBelow(document object, base string) {
	paths := object{}
	for name, item := range member(document, "paths") {
		paths[join(path.Join("/", base), name)] = item
	}
	document["paths"] = paths
}

// join keeps a slash at the end, which path.Join would cut.
func join(base, name string) string {
	joined := path.Join(base, name)
	if strings.HasSuffix(name, "/") && joined != "/" {
		joined += "/"
	}
	return joined
}

// toOpenAPI converts a document in Swagger 2.0 into OpenAPI 3.0.
func toOpenAPI(document object) (object, error) {
	var swagger openapi2.T
	if err := convert(document, &swagger); err != nil {
		return nil, fmt.Errorf("converting into OpenAPI 3.0: %w", err)
	}
	converted, err := openapi2conv.ToV3(&swagger)
	if err != nil {
		return nil, fmt.Errorf("converting into OpenAPI 3.0: %w", err)
	}
	var openAPI object
	err = convert(converted, &openAPI)
	delete(openAPI, "servers")
	return openAPI, err
}

// toSwagger converts a document in OpenAPI 3 into Swagger 2.0.
func toSwagger(document object) (object, error) {
	var openAPI openapi3.T
	if err := convert(document, &openAPI); err != nil {
		return nil, err
	}
	converted, err := openapi2conv.FromV3(&openAPI)
	if err != nil {
		return nil, err
	}
	var swagger object
	err = convert(converted, &swagger)
	for _, name := range []string{"basePath", "host", "schemes"} {
		delete(swagger, name)
	}
	return swagger, err
}

// convert copies a value by way of JSON.
func convert(from, to any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}
