package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
)

// serializingProxy stands in front of FerretDB and lets the writes to a database pass
// one after the other.
//
// MongoDB promises that the update of one document is atomic: the condition is
// checked and the change made in one step. FerretDB 1.24 reads the documents,
// changes them in memory and writes them back, so of two updates at once it
// loses one. One at a time, its updates are what MongoDB's are; reads, and the
// writes to different databases, still run at once. A command that was sent is
// run to its end even if its client has gone, as MongoDB may do.
type serializingProxy struct {
	behind    string   // address of FerretDB
	dir       string   // folder of its files
	databases sync.Map // of *sync.Mutex, by name
}

// serve accepts connections until ctx ends, and closes them all.
func (t *serializingProxy) serve(ctx context.Context, listener net.Listener) error {
	var conns sync.WaitGroup
	defer conns.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	for {
		client, err := listener.Accept()
		if err != nil {
			return err
		}
		conns.Go(func() { t.pass(ctx, client) })
	}
}

// pass carries one client's messages to FerretDB and the answers back.
func (t *serializingProxy) pass(ctx context.Context, client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := (&net.Dialer{}).DialContext(ctx, "tcp", t.behind)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	stop := context.AfterFunc(ctx, func() { _, _ = client.Close(), server.Close() })
	defer stop()
	for {
		message, err := readMessage(client)
		if err != nil {
			return
		}
		answer, err := t.ask(ctx, server, message)
		if err != nil && ctx.Err() == nil && !errors.Is(err, io.EOF) {
			slog.Error("passing on a message", "error", err)
		}
		if err != nil {
			return
		}
		if _, err := client.Write(answer); err != nil {
			return
		}
	}
}

func (t *serializingProxy) ask(ctx context.Context, server net.Conn, message []byte) ([]byte, error) {
	command, database := commandFrom(message)
	if isWrite(command) {
		lock, _ := t.databases.LoadOrStore(database, &sync.Mutex{})
		lock.(*sync.Mutex).Lock()
		defer lock.(*sync.Mutex).Unlock()
	}
	if _, err := server.Write(message); err != nil {
		return nil, err
	}
	answer, err := readMessage(server)
	if err == nil && command == "createIndexes" {
		err = indexIDs(ctx, t.dir, database)
	}
	return answer, err
}

// readMessage reads one message of MongoDB's protocol, which begins with its
// length.
func readMessage(from io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint32(head[:])
	if length < 16 || length > 64<<20 {
		return nil, errors.New("not a message")
	}
	message := make([]byte, length)
	copy(message, head[:])
	_, err := io.ReadFull(from, message[4:])
	return message, err
}

// commandFrom returns a message's command and the database that it is for. An
// OP_MSG is a header of 16 bytes, 4 of flags, 1 for the section's kind, and a
// document: 4 bytes of length, then the type and the name of its first field,
// which is the command. Another field is $db, a string: its type, its name, 4
// bytes of length and the text.
func commandFrom(message []byte) (command, database string) {
	const opMsg, nameAt = 2013, 26
	if len(message) < nameAt || binary.LittleEndian.Uint32(message[12:]) != opMsg {
		return "", ""
	}
	name, rest, _ := bytes.Cut(message[nameAt:], []byte{0})
	_, after, _ := bytes.Cut(rest, []byte("\x02$db\x00"))
	text, _, _ := bytes.Cut(after[min(4, len(after)):], []byte{0})
	return string(name), string(text)
}

func isWrite(command string) bool {
	switch command {
	case "insert", "update", "delete", "findAndModify", "create", "createIndexes", "dropDatabase":
		return true
	}
	return false
}
