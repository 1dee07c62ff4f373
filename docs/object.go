package docs

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// object is a JSON object of a document.
type object = map[string]any

// member returns the object that is a member of another, and makes it if it is
// missing.
func member(parent object, name string) object {
	child, ok := parent[name].(object)
	if !ok {
		child = object{}
		parent[name] = child
	}
	return child
}

// addMissing adds what is not there by name.
func addMissing(to, from object) {
	for name, value := range from {
		if _, ok := to[name]; !ok {
			to[name] = value
		}
	}
}

// ordered is an object of which some members stand in an order of their own: Swagger
// UI shows calls and schemes in the order of the document.
type ordered struct {
	members object
	// last names members that follow all others, first those that precede them. Other
	// members are in the order of their names.
	first, last []string
}

// MarshalJSON implements json.Marshaler.
func (o ordered) MarshalJSON() ([]byte, error) {
	var text bytes.Buffer
	for _, name := range o.names() {
		value, err := json.Marshal(object{name: o.members[name]})
		if err != nil {
			return nil, err
		}
		text.WriteByte(',')
		text.Write(value[1 : len(value)-1])
	}
	return append(append([]byte("{"), bytes.TrimPrefix(text.Bytes(), []byte(","))...), '}'), nil
}

func (o ordered) names() []string {
	isThere := func(name string) bool { _, ok := o.members[name]; return ok }
	var names []string
	for _, name := range o.first {
		if isThere(name) {
			names = append(names, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.members)) {
		if !slices.Contains(o.first, name) && !slices.Contains(o.last, name) {
			names = append(names, name)
		}
	}
	for _, name := range o.last {
		if isThere(name) {
			names = append(names, name)
		}
	}
	return names
}

// walk calls visit for each object in a value, from the outside in.
func walk(value any, visit func(object)) {
	switch value := value.(type) {
	case object:
		visit(value)
		for _, child := range value {
			walk(child, visit)
		}
	case []any:
		for _, child := range value {
			walk(child, visit)
		}
	}
}
