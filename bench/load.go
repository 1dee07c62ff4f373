package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// load is many connections that ask. It writes and reads plain bytes, since
// net/http's client works harder than the server.
type load struct{ connections []*connection }

type connection struct {
	net.Conn
	keys   []string
	next   int
	buffer []byte
	answer [4096]byte
}

// dialOne makes one connection.
func dialOne(address string, keys []string) (*connection, error) {
	conn, err := net.Dial("tcp", address) //nolint:noctx // the loopback answers at once
	return &connection{Conn: conn, keys: keys}, err
}

func dial(address string, keys []string) (*load, error) {
	l := &load{}
	for i := range connections {
		conn, err := net.Dial("tcp", address) //nolint:noctx // the loopback answers at once
		if err != nil {
			l.close()
			return nil, err
		}
		l.connections = append(l.connections, &connection{
			Conn: conn, keys: keys, next: i * len(keys) / connections,
		})
	}
	return l, nil
}

func (l *load) close() {
	for _, c := range l.connections {
		_ = c.Close()
	}
}

// run asks for a path on all connections for a while, and returns how long each
// answer took, in nanoseconds.
func (l *load) run(ctx context.Context, path string, duration time.Duration) (latencies []float64, err error) {
	var group sync.WaitGroup
	var mu sync.Mutex
	end := time.Now().Add(duration)
	for _, c := range l.connections {
		group.Go(func() {
			own, failed := c.askUntil(ctx, path, end)
			mu.Lock()
			defer mu.Unlock()
			latencies, err = append(latencies, own...), errors.Join(err, failed)
		})
	}
	group.Wait()
	return latencies, err
}

func (c *connection) askUntil(ctx context.Context, path string, end time.Time) (latencies []float64, err error) {
	for start := time.Now(); start.Before(end); {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := c.ask(path); err != nil {
			return nil, err
		}
		now := time.Now()
		latencies = append(latencies, float64(now.Sub(start)))
		start = now
	}
	return latencies, nil
}

// ask sends the same headers whatever the path, so that they cost the same.
func (c *connection) ask(path string) error {
	c.next++
	c.buffer = append(c.buffer[:0], "GET "...)
	c.buffer = append(c.buffer, path...)
	c.buffer = append(c.buffer, " HTTP/1.1\r\nHost: localhost\r\napi-key: "...)
	c.buffer = append(c.buffer, c.keys[c.next%len(c.keys)]...)
	c.buffer = append(c.buffer, "\r\n\r\n"...)
	if _, err := c.Write(c.buffer); err != nil {
		return err
	}
	return c.readAnswer()
}

// readAnswer takes in an answer, which is the greeter's and has to be a 200. Its
// first line comes in one piece.
func (c *connection) readAnswer() error {
	for read := 0; ; {
		n, err := c.Read(c.answer[read:])
		if err != nil {
			return err
		}
		read += n
		switch answer := c.answer[:read]; {
		case !bytes.HasPrefix(answer, []byte("HTTP/1.1 200 ")):
			return fmt.Errorf("the server answers %q", answer)
		case bytes.HasSuffix(answer, []byte("\r\n\r\n"+greetingText)):
			return nil
		case read == len(c.answer):
			return errors.New("the server's answer is too long")
		}
	}
}
