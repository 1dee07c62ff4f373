package gormrepo

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"gorm.io/gorm/schema"
)

// registerSerializers makes the serializers that the models' tags name known
// to GORM. Doing so again changes nothing.
func registerSerializers() {
	schema.RegisterSerializer("ginauth_date", dateSerializer{})
	schema.RegisterSerializer("ginauth_null", nullSerializer{})
	schema.RegisterSerializer("ginauth_bytes", bytesSerializer{})
}

// dateSerializer keeps a time as milliseconds since 1970 and the zero time as
// 0: integers compare alike on every backend and driver, which their date
// types do not.
type dateSerializer struct{}

func (dateSerializer) Value(_ context.Context, _ *schema.Field, _ reflect.Value, value any) (any, error) {
	t, ok := value.(time.Time)
	if !ok {
		return nil, fmt.Errorf("ginauth_date on a %T", value)
	}
	return millis(t), nil
}

func (dateSerializer) Scan(ctx context.Context, field *schema.Field, dst reflect.Value, value any) error {
	n, ok := value.(int64)
	if value != nil && !ok {
		return fmt.Errorf("ginauth_date from a %T", value)
	}
	return field.Set(ctx, dst, fromMillis(n))
}

// millis keeps 0 for the zero time alone, or a date could say that there is
// none: a revocation at the epoch would be no revocation.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return max(1, t.UnixMilli())
}

func fromMillis(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

// nullSerializer keeps an empty string as NULL, so that a foreign key may
// point nowhere.
type nullSerializer struct{}

func (nullSerializer) Value(_ context.Context, _ *schema.Field, _ reflect.Value, value any) (any, error) {
	if value == "" {
		return nil, nil //nolint:nilnil // NULL is the value, not an absence
	}
	return value, nil
}

func (nullSerializer) Scan(ctx context.Context, field *schema.Field, dst reflect.Value, value any) error {
	if value == nil {
		value = ""
	}
	return field.Set(ctx, dst, value)
}

// bytesSerializer keeps no bytes as an empty value, not as NULL, and reads them
// as nil.
type bytesSerializer struct{}

func (bytesSerializer) Value(_ context.Context, _ *schema.Field, _ reflect.Value, value any) (any, error) {
	data, _ := value.([]byte)
	return append([]byte{}, data...), nil
}

func (bytesSerializer) Scan(ctx context.Context, field *schema.Field, dst reflect.Value, value any) error {
	data, _ := value.([]byte)
	return field.Set(ctx, dst, append([]byte(nil), data...))
}
