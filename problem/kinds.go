package problem

import "time"

// Malformed returns a problem with input that could not be read.
func Malformed(code, detail string, fields ...Field) *Error {
	return &Error{Kind: KindMalformed, Code: code, Detail: detail, Fields: fields}
}

// Unauthenticated returns a problem with a credential.
func Unauthenticated(code, detail string) *Error {
	return &Error{Kind: KindUnauthenticated, Code: code, Detail: detail}
}

// Forbidden returns a problem with what a known caller may do.
func Forbidden(code, detail string) *Error {
	return &Error{Kind: KindForbidden, Code: code, Detail: detail}
}

// NotFound returns a problem with a reference.
func NotFound(code, detail string) *Error {
	return &Error{Kind: KindNotFound, Code: code, Detail: detail}
}

// Conflict returns a problem with the stored state.
func Conflict(code, detail string, fields ...Field) *Error {
	return &Error{Kind: KindConflict, Code: code, Detail: detail, Fields: fields}
}

// TooLarge returns a problem with the size of the input.
func TooLarge(code, detail string) *Error {
	return &Error{Kind: KindTooLarge, Code: code, Detail: detail}
}

// Unsupported returns a problem with the format of the input.
func Unsupported(code, detail string) *Error {
	return &Error{Kind: KindUnsupported, Code: code, Detail: detail}
}

// Invalid returns a problem with input that was read.
func Invalid(code, detail string) *Error {
	return &Error{Kind: KindInvalid, Code: code, Detail: detail}
}

// InvalidFields returns the problem fields_invalid, which names the fields.
func InvalidFields(fields ...Field) *Error {
	return &Error{Kind: KindInvalid, Code: "fields_invalid", Detail: "Some fields cannot be accepted.", Fields: fields}
}

// NewField says what is wrong with a field.
func NewField(field, code, detail string) Field { return Field{field, code, detail} }

// Missing says that a field is required.
func Missing(field string) Field {
	return NewField(field, field+"_missing", "This field is required.")
}

// Limited returns a problem that ends by waiting.
func Limited(code, detail string, wait time.Duration) *Error {
	return &Error{Kind: KindLimited, Code: code, Detail: detail, RetryAfter: wait}
}

// Unavailable returns an outage, after which to try again in a second.
func Unavailable(code, detail string) *Error {
	return &Error{Kind: KindUnavailable, Code: code, Detail: detail, RetryAfter: time.Second}
}

// TooManyAttempts returns the problem of a caller who has tried too often.
func TooManyAttempts(detail string, wait time.Duration) *Error {
	return Limited("too_many_attempts", detail, wait)
}
