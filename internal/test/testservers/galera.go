package testservers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
)

// galeraNodes is the size of a cluster: two are a majority.
const galeraNodes = 3

// galeraPorts are what a node listens on beside the port for clients: for the
// group, for changes that it has missed, and for a copy of another's data.
type galeraPorts struct{ group, changes, copies string }

// StartGalera starts a cluster of three MariaDB nodes. The nodes accept
// connections; each may take a moment more until it takes part. The caller
// stops what is returned, with an error too.
func StartGalera(ctx context.Context) (nodes []*Server, err error) {
	library, err := find("libgalera_smm.so", "/usr/lib/galera/libgalera_smm.so")
	if err != nil {
		return nil, err
	}
	var members []string
	for range galeraNodes {
		options, group, err := galeraOptions(library, members)
		if err != nil {
			return nodes, err
		}
		node, err := Start(ctx, "mysql", options...)
		if err != nil {
			return nodes, fmt.Errorf("starting a node of a cluster: %w", err)
		}
		// One that comes back joins the others and begins no cluster of its own.
		members = append(members, group)
		node.command.args = rejoining(node.command.args)
		nodes = append(nodes, node)
	}
	for _, node := range nodes {
		node.command.args = append(node.command.args, "--wsrep-cluster-address=gcomm://"+strings.Join(members, ","))
	}
	return nodes, nil
}

// galeraOptions returns the options of one more node, and its address for the
// group. The first node begins the cluster.
func galeraOptions(library string, members []string) (options []string, group string, err error) {
	ports, err := freeGaleraPorts()
	if err != nil {
		return nil, "", err
	}
	group = net.JoinHostPort("127.0.0.1", ports.group)
	options = []string{
		"--binlog-format=ROW", "--innodb-autoinc-lock-mode=2", "--wsrep-on=ON", "--wsrep-provider=" + library,
		"--wsrep-cluster-name=ginauth", "--wsrep-node-address=" + group, "--wsrep-sst-method=rsync",
		"--wsrep-sst-receive-address=" + net.JoinHostPort("127.0.0.1", ports.copies),
		"--wsrep-provider-options=base_port=" + ports.group + ";gmcast.listen_addr=tcp://" + group +
			";ist.recv_addr=" + net.JoinHostPort("127.0.0.1", ports.changes) + ";gcache.size=16M",
		"--wsrep-cluster-address=gcomm://" + strings.Join(members, ","),
	}
	if len(members) == 0 {
		options = append(options, "--wsrep-new-cluster")
	}
	return options, group, nil
}

func rejoining(args []string) []string {
	return slices.DeleteFunc(args, func(arg string) bool {
		return arg == "--wsrep-new-cluster" || strings.HasPrefix(arg, "--wsrep-cluster-address=")
	})
}

func freeGaleraPorts() (ports galeraPorts, err error) {
	for _, port := range []*string{&ports.group, &ports.changes, &ports.copies} {
		if *port, err = freePort(); err != nil {
			return ports, err
		}
	}
	return ports, nil
}

// StopAll stops servers, the last first.
func StopAll(servers []*Server) (err error) {
	for _, server := range slices.Backward(servers) {
		err = errors.Join(err, server.Stop())
	}
	return err
}
