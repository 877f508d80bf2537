// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package sweep

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/vela-rollouts/vela/cluster/component"
	"github.com/vela-rollouts/vela/cluster/network"
	"github.com/vela-rollouts/vela/cluster/proxy"
)

// Places are the directories of one cluster.
type Places struct {
	DataDir string
	RunDir  string
	// IPAMDir notes the addresses that pods hold.
	IPAMDir string
}

// Machine removes everything that runs or is set on the machine. The data stays.
func Machine(ctx context.Context, places Places) error {
	if err := kill(ctx, places); err != nil {
		return err
	}
	return errors.Join(
		unmount(places),
		links(),
		tables(ctx),
		groups(ctx, cgroupRoot),
		logLinks(places.DataDir),
		devices(ctx, deviceSocket, os.Getpid(), 3*time.Second),
		results(cniResults),
		os.RemoveAll(places.RunDir),
		// The pods that held addresses are gone.
		os.RemoveAll(places.IPAMDir),
	)
}

// deviceSocket is where a kubelet listens for device plugins, whatever its own directory is.
const deviceSocket = "/var/lib/kubelet/device-plugins/kubelet.sock"

// devices removes the socket that our kubelet left, unless another kubelet listens there, and the directories that it was
// alone in. ours is the process that sweeps: its own kubelet may still listen. One that is just ending gets the time to.
func devices(ctx context.Context, socket string, ours int, ends time.Duration) error {
	waiting, cancel := context.WithTimeout(ctx, ends)
	defer cancel()
	err := component.Poll(waiting, 50*time.Millisecond, func(ctx context.Context) error {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "unix", socket)
		switch {
		case err == nil:
			defer conn.Close()
			if peer, err := peerOf(conn); err != nil || peer == ours {
				return err
			}
			return errors.New("a kubelet listens there")
		case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, os.ErrNotExist):
			return nil // nobody does
		}
		return err
	})
	if err != nil {
		return ctx.Err()
	}
	if err := os.Remove(socket); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return fmt.Errorf("removing the kubelet's socket: %w", err)
	}
	for _, dir := range []string{filepath.Dir(socket), filepath.Dir(filepath.Dir(socket))} {
		if os.Remove(dir) != nil {
			return nil // somebody else has something there
		}
	}
	return nil
}

// peerOf is the process at the other end of a Unix socket.
func peerOf(conn net.Conn) (int, error) {
	at, ok := conn.(*net.UnixConn)
	if !ok {
		return 0, fmt.Errorf("%T is not a Unix socket", conn)
	}
	raw, err := at.SyscallConn()
	if err != nil {
		return 0, fmt.Errorf("asking who listens: %w", err)
	}
	var peer *unix.Ucred
	if controlled := raw.Control(func(fd uintptr) { peer, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); controlled != nil {
		err = controlled
	}
	if err != nil {
		return 0, fmt.Errorf("asking who listens: %w", err)
	}
	return int(peer.Pid), nil
}

// cniResults is where libcni keeps what plugins answered for each container, whatever the other directories are.
const cniResults = "/var/lib/cni/results"

// results removes the answers for our pods, and the directories that they were alone in.
func results(dir string) error {
	ours, err := filepath.Glob(filepath.Join(dir, network.PodNetwork+"-*"))
	if err != nil {
		return fmt.Errorf("looking for what CNI kept of pods: %w", err)
	}
	for _, file := range ours {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("removing what CNI kept of a pod: %w", err)
		}
	}
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if os.Remove(d) != nil {
			return nil // somebody else has something there
		}
	}
	return nil
}

// links removes the bridge, with its address and routes, and what hangs on it.
func links() error {
	bridge, err := netlink.LinkByName(network.Bridge)
	if errors.As(err, new(netlink.LinkNotFoundError)) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for %s: %w", network.Bridge, err)
	}
	all, err := netlink.LinkList()
	if err != nil {
		return fmt.Errorf("listing links: %w", err)
	}
	for _, l := range all {
		if l.Attrs().MasterIndex != bridge.Attrs().Index {
			continue
		}
		// It may go by itself, with the namespace of its other end.
		if err := netlink.LinkDel(l); err != nil && !gone(l) {
			return fmt.Errorf("removing %s: %w", l.Attrs().Name, err)
		}
	}
	if err := netlink.LinkDel(bridge); err != nil {
		return fmt.Errorf("removing %s: %w", network.Bridge, err)
	}
	return nil
}

func gone(l netlink.Link) bool {
	_, err := netlink.LinkByIndex(l.Attrs().Index)
	return errors.As(err, new(netlink.LinkNotFoundError))
}

// Tables are the nftables tables of a cluster, as "family name".
func Tables() []string {
	return append(proxy.Tables(), "ip "+network.Table, "inet cni_hostport")
}

func tables(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "nft", "list", "tables").Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil // nothing could have been made without it
	}
	if err != nil {
		return fmt.Errorf("listing firewall tables: %w", err)
	}
	var errs []error
	for line := range strings.Lines(string(out)) {
		name := strings.TrimSpace(strings.TrimPrefix(line, "table "))
		if !slices.Contains(Tables(), name) {
			continue
		}
		args := append([]string{"delete", "table"}, strings.Fields(name)...)
		if out, err := exec.CommandContext(ctx, "nft", args...).CombinedOutput(); err != nil {
			errs = append(errs, fmt.Errorf("removing the firewall table %s: %w: %s", name, err, bytes.TrimSpace(out)))
		}
	}
	return errors.Join(errs...)
}

// logLinks removes links to logs of our pods from the directory where log
// collectors look for them; the kubelet makes them there, and nowhere else.
func logLinks(dataDir string) error {
	links, err := filepath.Glob("/var/log/containers/*.log")
	if err != nil {
		return err
	}
	for _, l := range links {
		target, err := os.Readlink(l)
		if err != nil || !strings.HasPrefix(target, dataDir+"/") {
			continue
		}
		if err := os.Remove(l); err != nil {
			return fmt.Errorf("removing a link to a log: %w", err)
		}
	}
	_ = os.Remove("/var/log/containers") // others may use it
	return nil
}
