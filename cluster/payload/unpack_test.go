// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/klauspost/compress/zstd"

	"github.com/vela-rollouts/vela/cluster/payload/manifest"
)

// pack makes a payload as the build program does: every needed file has its own path as content, unless contents says otherwise.
func pack(t *testing.T, contents map[string][]byte) fstest.MapFS {
	t.Helper()
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{}
	m := manifest.Manifest{OS: runtime.GOOS, Arch: runtime.GOARCH, PauseImage: "vela.local/pause:1"}
	for _, p := range needed() {
		data := []byte("this is " + p)
		if other, ok := contents[p]; ok {
			data = other
		}
		mode := fs.FileMode(0o755)
		if p == manifest.PauseImage {
			mode = 0o644
		}
		sum := sha256.Sum256(data)
		f := manifest.File{
			Path: p, Packed: path.Base(p) + ".zst", Version: "v1.0.0", Mode: mode,
			Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:]),
		}
		m.Files = append(m.Files, f)
		out[f.Packed] = &fstest.MapFile{Data: encoder.EncodeAll(data, nil)}
	}
	encoded, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	out[manifest.FileName] = &fstest.MapFile{Data: encoded}
	return out
}

// state is every file below dir with its inode, time and mode: what changes when anything is written.
func state(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		inode := uint64(0)
		if sys, ok := info.Sys().(*syscall.Stat_t); ok {
			inode = sys.Ino
		}
		out[p] = fmt.Sprintf("%v, written %v, inode %d", info.Mode(), info.ModTime(), inode)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func mustUnpack(t *testing.T, packed fs.FS, dir string) Paths {
	t.Helper()
	got, err := unpack(packed, dir)
	if err != nil {
		t.Fatalf("unpack: %v", err)
	}
	return got
}

func TestUnpackPutsEveryFileInItsPlace(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	p := mustUnpack(t, pack(t, nil), dir)

	for file, mode := range map[string]fs.FileMode{
		p.Containerd:                          0o755,
		p.ContainerdShim:                      0o755,
		p.Runc:                                0o755,
		filepath.Join(p.CNIDir, "bridge"):     0o755,
		filepath.Join(p.CNIDir, "host-local"): 0o755,
		filepath.Join(p.CNIDir, "loopback"):   0o755,
		filepath.Join(p.CNIDir, "portmap"):    0o755,
		p.PauseImageArchive:                   0o644,
	} {
		info, err := os.Stat(file)
		if err != nil {
			t.Errorf("a path that Unpack returns must exist: %v", err)
			continue
		}
		if info.Mode().Perm() != mode {
			t.Errorf("%s has mode %v, want %v", file, info.Mode().Perm(), mode)
		}
		relative, err := filepath.Rel(dir, file)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(file)
		if err != nil || string(data) != "this is "+filepath.ToSlash(relative) {
			t.Errorf("%s holds %q (%v), which is not what was packed", file, data, err)
		}
	}
	if p.BinDir != filepath.Dir(p.Containerd) || !filepath.IsAbs(p.BinDir) {
		t.Errorf("BinDir is %q, want the absolute folder of containerd", p.BinDir)
	}
	if p.PauseImage != "vela.local/pause:1" {
		t.Errorf("PauseImage is %q, want the name from the manifest", p.PauseImage)
	}
}

func TestSecondUnpackWritesNothing(t *testing.T) {
	dir := t.TempDir()
	packed := pack(t, nil)
	mustUnpack(t, packed, dir)
	before := state(t, dir)
	mustUnpack(t, packed, dir)
	after := state(t, dir)
	if len(before) != len(after) {
		t.Fatalf("files before %v, after %v", before, after)
	}
	for name, was := range before {
		if after[name] != was {
			t.Errorf("%s was %s, is %s: the second unpack must leave it alone", name, was, after[name])
		}
	}
}

func TestUnpackRepairs(t *testing.T) {
	cases := map[string]struct {
		damage func(p Paths) error
		reason string
	}{
		"a file with other bytes of the same length": {
			damage: func(p Paths) error { return os.WriteFile(p.Runc, []byte("that is bin/runc"), 0o755) },
			reason: "size alone does not tell the content",
		},
		"a file cut short": {
			damage: func(p Paths) error { return os.Truncate(p.Runc, 3) },
			reason: "a copy made by something else may have been interrupted",
		},
		"a file that is gone": {
			damage: func(p Paths) error { return os.Remove(p.Runc) },
			reason: "somebody cleaned up",
		},
		"a file that is not executable": {
			damage: func(p Paths) error { return os.Chmod(p.Runc, 0o644) },
			reason: "containerd could not start it",
		},
		"a symbolic link in its place": {
			damage: func(p Paths) error { return errors.Join(os.Remove(p.Runc), os.Symlink("/bin/true", p.Runc)) },
			reason: "the link's target must neither be used nor be written to",
		},
		"a half-written file of an unpack that was killed": {
			damage: func(p Paths) error {
				return errors.Join(os.Remove(p.Runc), os.WriteFile(filepath.Join(p.BinDir, ".runc.new"), []byte("this"), 0o600))
			},
			reason: "kill -9 leaves the temporary file behind",
		},
		"a damaged record": {
			damage: func(p Paths) error {
				return errors.Join(os.WriteFile(filepath.Join(filepath.Dir(p.BinDir), recordName), []byte("{"), 0o644), os.Truncate(p.Runc, 0))
			},
			reason: "the record only saves time",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			packed := pack(t, nil)
			p := mustUnpack(t, packed, dir)
			if err := c.damage(p); err != nil {
				t.Fatal(err)
			}
			mustUnpack(t, packed, dir)
			info, err := os.Lstat(p.Runc)
			if err != nil || !info.Mode().IsRegular() || info.Mode().Perm() != 0o755 {
				t.Fatalf("runc is %v (%v), want a plain file with mode 0755: %s", info, err, c.reason)
			}
			if data, err := os.ReadFile(p.Runc); err != nil || string(data) != "this is bin/runc" {
				t.Errorf("runc holds %q (%v): %s", data, err, c.reason)
			}
			left, err := filepath.Glob(filepath.Join(dir, "*", ".*.new"))
			if err != nil || len(left) > 0 {
				t.Errorf("temporary files %v are left behind: %s", left, c.reason)
			}
		})
	}
}

func TestUnpackReplacesARunningProgram(t *testing.T) {
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skip("this machine has no sleep program to run")
	}
	program, err := os.ReadFile(sleep)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	p := mustUnpack(t, pack(t, map[string][]byte{"bin/containerd": program}), dir)
	// Named sleep: where sleep is one of many programs in one file, the name decides.
	cmd := &exec.Cmd{Path: p.Containerd, Args: []string{"sleep", "600"}}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting an unpacked program: %v", err)
	}
	defer func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Errorf("the program ended when its file was replaced: %v", err)
		}
		_ = cmd.Wait()
	}()
	mustUnpack(t, pack(t, nil), dir)
	if data, err := os.ReadFile(p.Containerd); err != nil || string(data) != "this is bin/containerd" {
		t.Errorf("containerd holds %d bytes (%v), want the new version's", len(data), err)
	}
	if err := cmd.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the running program must go on with its old file: %v", err)
	}
}

func TestUnpackExplainsWhatIsWrong(t *testing.T) {
	damaged := pack(t, nil)
	damaged["runc.zst"] = damaged["bridge.zst"]
	cut := pack(t, nil)
	cut["runc.zst"] = &fstest.MapFile{Data: cut["runc.zst"].Data[:8]}
	missing := pack(t, nil)
	delete(missing, "runc.zst")
	other := pack(t, nil)
	other[manifest.FileName] = &fstest.MapFile{
		Data: bytes.Replace(other[manifest.FileName].Data, []byte(runtime.GOARCH), []byte("abacus"), 1),
	}
	partly := pack(t, nil)
	partly[manifest.FileName] = &fstest.MapFile{
		Data: bytes.Replace(partly[manifest.FileName].Data, []byte("cni/portmap"), []byte("cni/elsewhere"), 1),
	}

	cases := map[string]struct {
		packed fs.FS
		want   string
	}{
		"no payload at all":            {fstest.MapFS{".keep": {}}, "make build"},
		"a packed file swapped":        {damaged, "run `make build` again"},
		"a packed file cut short":      {cut, "unpacking bin/runc"},
		"a packed file missing":        {missing, "run `make build` to the end"},
		"built for another machine":    {other, "for linux/abacus"},
		"built without a needed file":  {partly, "without cni/portmap"},
		"a manifest that is not JSON":  {fstest.MapFS{manifest.FileName: {Data: []byte("?")}}, "reading the payload's manifest"},
		"an empty folder, no manifest": {fstest.MapFS{}, "make build"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			_, err := unpack(c.packed, dir)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error is %v, want one that says %q", err, c.want)
			}
			if _, err := os.Stat(filepath.Join(dir, "bin", "runc")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a file that could not be unpacked must not appear under its name: %v", err)
			}
		})
	}
}

func TestEmptyPayloadIsATypedError(t *testing.T) {
	if _, err := unpack(fstest.MapFS{}, t.TempDir()); !errors.Is(err, ErrEmpty) {
		t.Errorf("error is %v, want ErrEmpty, so that velad can tell it from a full disk", err)
	}
	if got := versions(fstest.MapFS{}); len(got) != 0 {
		t.Errorf("versions are %v, want none without a payload", got)
	}
}

func TestVersionsAreByName(t *testing.T) {
	got := versions(pack(t, nil))
	if got["runc"] != "v1.0.0" || len(got) != len(needed()) {
		t.Errorf("versions are %v, want one for each file", got)
	}
}

// TestBuiltPayload checks what is really embedded, where it has been built.
func TestBuiltPayload(t *testing.T) {
	dir := t.TempDir()
	p, err := Unpack(dir)
	if errors.Is(err, ErrEmpty) {
		t.Skip("the payload has not been built")
	}
	if err != nil {
		t.Fatal(err)
	}
	for program, arg := range map[string]string{p.Containerd: "--version", p.ContainerdShim: "-v", p.Runc: "--version"} {
		out, err := exec.Command(program, arg).CombinedOutput()
		version := strings.TrimPrefix(Versions()[filepath.Base(program)], "v")
		if err != nil || version == "" || !strings.Contains(string(out), version) {
			t.Errorf("%s %s printed %q (%v), want version %s", filepath.Base(program), arg, out, err, version)
		}
		if program == p.Runc && !strings.Contains(string(out), "libseccomp") {
			t.Errorf("runc was built without seccomp, so that pods with a seccomp profile would not start: %q", out)
		}
	}
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o755); err != nil {
		t.Fatal(err)
	}
}
