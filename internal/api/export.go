package api

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ginauth/ginauth/repository"
)

// Format is how an export is written.
type Format string

// The formats of exports: a JSON object in each line, and RFC 4180.
const (
	FormatJSONLines Format = "jsonl"
	FormatCSV       Format = "csv"
)

// pageTime is how long a client may take to read a page of an export.
const pageTime = 30 * time.Second

// ExportQuery is what the parameters of an export ask for.
type ExportQuery struct {
	Keys   KeyQuery
	Format Format
}

// Set reads one parameter.
func (q *ExportQuery) Set(p *Query, name, value string) {
	switch name {
	case "format":
		q.Format = parseEnum(p, name, value, FormatJSONLines, FormatCSV)
	case "sort", "order", "limit", "cursor":
		p.refuse(name, "An export has all rows, in the order of their creation.")
	default:
		q.Keys.Set(p, name, value)
	}
}

// rowWriter writes the rows of an export.
type rowWriter interface {
	write(row KeyUsage) error
	flush() error
}

// Export streams keys with their usage, in memory that does not grow with their
// number. A client whose export cannot be finished sees the connection end early.
func (b *Base) Export(c *gin.Context, query ExportQuery, rows func(yield func(repository.KeyUsage, error) bool)) {
	now, controller := b.Now(), http.NewResponseController(c.Writer)
	var out rowWriter
	for row, err := range rows {
		if err != nil && out == nil {
			b.Refuse(c, err)
			return
		}
		if out == nil {
			out = beginExport(c, query.Format)
			_ = controller.SetWriteDeadline(time.Now().Add(pageTime)) // a server without deadlines needs none
		}
		if err == nil {
			err = out.write(newKeyUsage(now)(row))
		}
		if err != nil {
			_ = controller.SetWriteDeadline(time.Now()) // cuts the answer off before its end
			return
		}
	}
	if out == nil {
		out = beginExport(c, query.Format)
	}
	if err := out.flush(); err != nil {
		_ = controller.SetWriteDeadline(time.Now())
	}
}

func beginExport(c *gin.Context, format Format) rowWriter {
	contentType, name := "application/x-ndjson", "keys.jsonl"
	if format == FormatCSV {
		contentType, name = "text/csv; charset=utf-8", "keys.csv"
	}
	c.Header("Content-Type", contentType)
	c.Header("Content-Disposition", `attachment; filename="`+name+`"`)
	c.Status(http.StatusOK)
	renewing := &renewingWriter{c.Writer, http.NewResponseController(c.Writer), 0}
	if format == FormatCSV {
		writer := csv.NewWriter(renewing)
		_ = writer.Write(csvHeader()) // an error comes again with the next row
		return csvRows{writer}
	}
	return jsonRows{json.NewEncoder(renewing)}
}

// renewingWriter gives the client time for each part of an export.
type renewingWriter struct {
	io.Writer
	controller *http.ResponseController
	written    int
}

// Write implements io.Writer.
func (w *renewingWriter) Write(p []byte) (int, error) {
	const part = 256 << 10
	if w.written += len(p); w.written > part {
		w.written = 0
		_ = w.controller.SetWriteDeadline(time.Now().Add(pageTime))
	}
	return w.Writer.Write(p)
}

type jsonRows struct{ *json.Encoder }

func (j jsonRows) write(row KeyUsage) error { return j.Encode(row) }
func (j jsonRows) flush() error             { return nil }

type csvRows struct{ *csv.Writer }

func (w csvRows) flush() error {
	w.Flush()
	return w.Error()
}

func csvHeader() []string {
	return []string{
		"id", "hint", "name", "user_id", "username", "email", "status", "issued_by", "creation_date", "expiration_date", "revocation_date",
		"total_queries", "latest_query_date",
	}
}

func (w csvRows) write(row KeyUsage) error {
	return w.Write([]string{
		row.ID, row.Hint, row.Name, row.UserID, row.Username, row.Email, string(row.Status), row.IssuedBy, text(row.CreationDate),
		text(row.ExpirationDate), text(row.RevocationDate), strconv.FormatInt(row.TotalQueries, 10), text(row.LatestQueryDate),
	})
}

// text is a date as JSON has it; empty for none.
func text(date *Date) string {
	if date == nil {
		return ""
	}
	quoted, _ := json.Marshal(date) // a date cannot fail
	plain, _ := strconv.Unquote(string(quoted))
	return plain
}
