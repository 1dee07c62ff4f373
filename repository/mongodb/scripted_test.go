package mongodb

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// A script answers in the place of a server, or alters what it answers: it says
// what FerretDB never does. forward asks the server.
type script func(name string, command bson.Raw, forward func() bson.D) bson.D

// scripted is a server behind a script, which may be changed while it is used.
type scripted struct {
	mutex  sync.Mutex
	script script
}

func (s *scripted) set(script script) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.script = script
}

func (s *scripted) play(command bson.Raw, forward func() bson.D) bson.D {
	s.mutex.Lock()
	script := s.script
	s.mutex.Unlock()
	elements, err := command.Elements()
	if err != nil || len(elements) == 0 || script == nil {
		return forward()
	}
	return script(elements[0].Key(), command, forward)
}

// openScripted starts a repository whose server follows a script.
func openScripted(t *testing.T, uri string, first script) (*Repository, *scripted, error) {
	t.Helper()
	server := &scripted{script: first}
	options, database, err := parse(uri)
	succeeds(t, err)
	client, err := mongo.Connect(options.SetDialer(server))
	succeeds(t, err)
	r := newRepository(client, client.Database(database))
	t.Cleanup(func() { _ = r.Close() })
	return r, server, r.start(t.Context(), false)
}

// follows is openScripted of a server that is permitted.
func follows(t *testing.T, uri string, first script) (*Repository, *scripted) {
	t.Helper()
	r, server, err := openScripted(t, uri, first)
	succeeds(t, err)
	return r, server
}

// DialContext implements options.ContextDialer.
func (s *scripted) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	return &scriptedConn{Conn: conn, server: s}, err
}

// scriptedConn reads a question when it is written, and answers it when that is
// read. The driver writes a message at once and waits for its answer.
type scriptedConn struct {
	net.Conn
	server  *scripted
	message []byte
	answer  []byte
}

func (c *scriptedConn) Write(message []byte) (int, error) {
	c.message = append([]byte(nil), message...)
	return len(message), nil
}

func (c *scriptedConn) Read(buffer []byte) (int, error) {
	if len(c.answer) == 0 && c.message == nil {
		return c.Conn.Read(buffer) // nothing was asked: until the end
	}
	if len(c.answer) == 0 {
		var failed error
		reply := c.server.play(commandIn(c.message), func() (reply bson.D) {
			reply, failed = c.forward()
			return reply
		})
		if failed != nil {
			return 0, failed
		}
		c.answer, c.message = answerTo(c.message, reply), nil
	}
	n := copy(buffer, c.answer)
	c.answer = c.answer[n:]
	return n, nil
}

func (c *scriptedConn) forward() (reply bson.D, err error) {
	if _, err := c.Conn.Write(c.message); err != nil {
		return nil, err
	}
	header := make([]byte, headerLength)
	if _, err := io.ReadFull(c.Conn, header); err != nil {
		return nil, err
	}
	body := make([]byte, binary.LittleEndian.Uint32(header)-headerLength)
	if _, err := io.ReadFull(c.Conn, body); err != nil {
		return nil, err
	}
	at := 5 // flags and the kind of the section
	if opcode(header) == opReply {
		at = 20
	}
	return reply, bson.Unmarshal(body[at:], &reply)
}

// MongoDB's wire protocol, as far as the driver speaks it here.
const (
	headerLength = 16
	opReply      = 1
	opQuery      = 2004
	opMsg        = 2013
)

func opcode(message []byte) uint32 { return binary.LittleEndian.Uint32(message[12:]) }

func commandIn(message []byte) bson.Raw {
	if opcode(message) == opQuery {
		name, _, _ := strings.Cut(string(message[headerLength+4:]), "\x00")
		return bson.Raw(message[headerLength+4+len(name)+1+8:])
	}
	document := message[headerLength+5:]
	return bson.Raw(document[:binary.LittleEndian.Uint32(document)])
}

func answerTo(question []byte, reply bson.D) []byte {
	document, err := bson.Marshal(reply)
	if err != nil {
		panic(err)
	}
	body, code := append(make([]byte, 5), document...), uint32(opMsg)
	if opcode(question) == opQuery {
		body, code = append(make([]byte, 20), document...), opReply
		body[16] = 1 // one document
	}
	header := make([]byte, headerLength)
	binary.LittleEndian.PutUint32(header, uint32(headerLength+len(body)))
	copy(header[8:], question[4:8])
	binary.LittleEndian.PutUint32(header[12:], code)
	return append(header, body...)
}

// with sets fields of a reply, and removes those that are set to nil.
func with(reply bson.D, fields ...bson.E) bson.D {
	kept := bson.D{}
	for _, e := range reply {
		if !has(fields, e.Key) {
			kept = append(kept, e)
		}
	}
	for _, f := range fields {
		if f.Value != nil {
			kept = append(kept, f)
		}
	}
	return kept
}

func has(fields bson.D, key string) bool {
	for _, f := range fields {
		if f.Key == key {
			return true
		}
	}
	return false
}

// refusal is a reply to a command that fails as a whole.
func refusal(code int, labels ...string) bson.D {
	return bson.D{{Key: "ok", Value: 0}, {Key: "code", Value: code}, {Key: "errmsg", Value: "secret value"}, {Key: "errorLabels", Value: labels}}
}

// writeError is a reply to a write of which no document was written.
func writeError(code int) bson.D {
	return bson.D{{Key: "ok", Value: 1}, {Key: "n", Value: 0}, {Key: "writeErrors", Value: bson.A{
		bson.D{{Key: "index", Value: 0}, {Key: "code", Value: code}, {Key: "errmsg", Value: "secret value"}},
	}}}
}

func isWrite(name string) bool { return name == "insert" || name == "update" || name == "delete" }

func isHello(name string) bool { return name == "hello" || name == "isMaster" || name == "ismaster" }

// asMember makes what a server says of itself that of a replica set's primary, if it
// is none.
func asMember(uri string, next script) script {
	_, address, _ := strings.Cut(uri, "://")
	address, _, _ = strings.Cut(address, "/")
	return func(name string, command bson.Raw, forward func() bson.D) bson.D {
		if !isHello(name) {
			return next(name, command, forward)
		}
		reply := forward()
		if has(reply, "setName") {
			return reply
		}
		return with(reply, bson.E{Key: "setName", Value: "rs0"}, bson.E{Key: "hosts", Value: bson.A{address}},
			bson.E{Key: "me", Value: address}, bson.E{Key: "logicalSessionTimeoutMinutes", Value: nil})
	}
}
