package docs_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
)

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// registered is what the application registered with swag, which keeps one document
// for good: tests that change it follow each other.
var registered document

type document struct{ text string }

func (d *document) ReadDoc() string { return d.text }

// withDocument returns an application that has registered a document.
func withDocument(t *testing.T, text string) *gin.Engine {
	t.Helper()
	registered.text = text
	t.Cleanup(func() { registered.text = "" })
	return newApp(t)
}

// The application's spec is shown beside ginauth's, its base path folded in,
// its host left out.
func TestApplicationSpecIsMerged(t *testing.T) {
	r := withDocument(t, `{"swagger":"2.0","info":{"title":"app","version":"7"},"host":"api.example","schemes":["https"],"basePath":"/api",
			"paths":{"/slash/":{"get":{"responses":{"200":{"description":"OK"}}}},"/things":{"get":{"responses":{"200":{"description":"OK"}}}}},
			"definitions":{"app.Thing":{"type":"object"}},
			"securityDefinitions":{"Basic":{"type":"basic"}}}`)
	document := spec(t, r, "/docs/doc.json")
	for member, want := range map[string][]string{
		"info":                {"title"},
		"paths":               {"/api/things", "/api/slash/", "/auth/new"},
		"definitions":         {"app.Thing", "Problem"},
		"securityDefinitions": {"Basic", "AdminSecret", "ApiKeyHeader", "ApiKeyQuery"},
	} {
		for _, name := range want {
			if document[member][name] == nil {
				t.Errorf("%s lacks %s", member, name)
			}
		}
	}
	body := get(t, r, "/docs/doc.json").Body.String()
	if strings.Contains(body, "api.example") || strings.Contains(body, "basePath") {
		t.Error("the application's host or base path is still there")
	}
}

// Names that the application gave are kept, in both formats.
func TestNamesOfTheApplicationStay(t *testing.T) {
	for name, text := range map[string]string{
		"Swagger 2.0": `{"swagger":"2.0","info":{"title":"app","version":"7"},
			"paths":{"/keys":{"get":{"operationId":"listKeys","tags":["keys"],"security":[{"AdminSecret":[]}],"responses":{"200":{"description":"OK","schema":{"$ref":"#/definitions/Key"}}}}}},
			"definitions":{"Key":{"type":"object","properties":{"shape":{"type":"string"}}}},
			"securityDefinitions":{"AdminSecret":{"type":"apiKey","in":"header","name":"x-theirs"}}}`,
		"OpenAPI 3": `{"openapi":"3.0.1","info":{"title":"app","version":"7"},"servers":[{"url":"https://api.example/"}],
			"paths":{"/keys":{"get":{"operationId":"listKeys","tags":["keys"],"security":[{"AdminSecret":[]}],"responses":{"200":{"description":"OK","content":{"application/json":{"schema":{"$ref":"#/components/schemas/Key"}}}}}}}},
			"components":{"schemas":{"Key":{"type":"object","properties":{"shape":{"type":"string"}}}},
			"securitySchemes":{"AdminSecret":{"type":"apiKey","in":"header","name":"x-theirs"}}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := withDocument(t, text)
			document := openAPI(t, r, "/docs/openapi.json")
			theirs, ours := document.Paths.Find("/keys").Get, document.Paths.Find("/auth/logs").Get
			if theirs.OperationID != "listKeys" || ours.OperationID != "ginauthListKeys" || theirs.Tags[0] != "keys" || ours.Tags[0] != "ginauth keys" {
				t.Errorf("theirs is %s in %v, ours %s in %v", theirs.OperationID, theirs.Tags, ours.OperationID, ours.Tags)
			}
			schemes := document.Components.SecuritySchemes
			if schemes["AdminSecret"].Value.Name != "x-theirs" || schemes["GinauthAdminSecret"].Value.Name != "secret-key" {
				t.Errorf("the schemes are %v", schemes)
			}
			if _, ok := (*ours.Security)[0]["GinauthAdminSecret"]; !ok {
				t.Errorf("ours needs %v", *ours.Security)
			}
			schemas := document.Components.Schemas
			if schemas["Key"].Value.Properties["shape"] == nil || schemas["GinauthKey"].Value.Properties["hint"] == nil {
				t.Error("a schema is replaced")
			}
			swagger := spec(t, r, "/docs/doc.json")
			if swagger["definitions"]["GinauthKey"] == nil || swagger["paths"]["/keys"] == nil || swagger["paths"]["/auth/new"] == nil {
				t.Error("the document in Swagger 2.0 lacks something")
			}
			if text := fmt.Sprint(swagger["paths"]["/auth/logs"]); !strings.Contains(text, "GinauthAdminSecret") {
				t.Errorf("ours needs %s", text)
			}
		})
	}
}

// An application that names ginauth's own schema in its annotations shares it.
func TestSameSchemaIsShared(t *testing.T) {
	own := spec(t, newApp(t), "/docs/doc.json")["definitions"]
	problem, err := json.Marshal(map[string]any{"Problem": own["Problem"], "FieldProblem": own["FieldProblem"]})
	if err != nil {
		t.Fatal(err)
	}
	r := withDocument(t, `{"swagger":"2.0","info":{"title":"app","version":"7"},"paths":{},"definitions":`+string(problem)+`}`)
	definitions := spec(t, r, "/docs/doc.json")["definitions"]
	if definitions["GinauthProblem"] != nil || len(definitions) != len(own) {
		t.Errorf("there are %d schemas, and %d without the application", len(definitions), len(own))
	}
}

// What Swagger 2.0 has no words for is left out of it, and said.
func TestOpenAPI31(t *testing.T) {
	r := withDocument(t, `{"openapi":"3.1.0","info":{"title":"app","version":"7"},"paths":{"/things":{"get":{"responses":{"200":{"description":"OK",
		"content":{"application/json":{"schema":{"type":["string","null"]}}}}}}}}}`)
	document := spec(t, r, "/docs/openapi.json")
	if document["paths"]["/things"] == nil || document["paths"]["/auth/new"] == nil {
		t.Errorf("the document is %v", document["paths"])
	}
	if text := get(t, r, "/docs/openapi.json").Body.String(); strings.Contains(text, `"nullable"`) || !strings.Contains(text, `["string","null"]`) {
		t.Error("null is told as in 3.0")
	}
	if spec(t, r, "/docs/doc.json")["paths"]["/auth/new"] == nil {
		t.Error("the document in Swagger 2.0 lacks ginauth's calls")
	}
}
