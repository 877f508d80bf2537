// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/klauspost/compress/zstd"

	"github.com/vela-rollouts/vela/cluster/payload/manifest"
)

// recordName is the file in the target folder that says what was unpacked there.
const recordName = "payload.json"

// entry is what a file looked like when its content was last known to be right. A file that still looks so is not read again.
type entry struct {
	SHA256  string `json:"sha256"`
	Size    int64  `json:"size"`
	ModTime int64  `json:"modTime"` // nanoseconds since 1970
	Inode   uint64 `json:"inode"`
}

type record map[string]entry

func unpack(packed fs.FS, dir string) (Paths, error) {
	m, err := load(packed)
	if err != nil {
		return Paths{}, err
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return Paths{}, fmt.Errorf("unpacking into %s: %w", dir, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Paths{}, fmt.Errorf("unpacking into %s: %w", dir, err)
	}
	unlock, err := lock(dir)
	if err != nil {
		return Paths{}, err
	}
	defer unlock()

	known := readRecord(dir)
	now := record{}
	for _, f := range m.Files {
		e, err := place(packed, dir, f, known[f.Path])
		if err != nil {
			return Paths{}, fmt.Errorf("unpacking %s into %s: %w", f.Path, dir, err)
		}
		now[f.Path] = e
	}
	if err := writeRecord(dir, known, now); err != nil {
		return Paths{}, err
	}
	return paths(dir, m), nil
}

// lock makes a second velad on the same folder wait: both would write the same temporary names.
// The kernel drops the lock with the process, however it ends.
func lock(dir string) (func(), error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("locking %s: %w", dir, err)
	}
	return func() { _ = f.Close() }, nil
}

// place makes sure that the file is there with the right content and mode, and returns how it looks now.
func place(packed fs.FS, dir string, f manifest.File, known entry) (entry, error) {
	target := filepath.Join(dir, filepath.FromSlash(f.Path))
	if e, ok := look(target, f); ok && (e == known || contentIs(target, f.SHA256)) {
		return e, nil
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return entry{}, err
	}
	temporary := filepath.Join(filepath.Dir(target), "."+f.Name()+".new")
	if err := extract(packed, f, temporary); err != nil {
		_ = os.Remove(temporary)
		return entry{}, err
	}
	// A rename gives the name to a new file; processes that run the old one keep it. A folder in the way is not a file of ours.
	if err := os.Rename(temporary, target); err != nil {
		_ = os.Remove(temporary)
		return entry{}, err
	}
	e, ok := look(target, f)
	if !ok {
		return entry{}, errors.New("the file changed while it was written; is another program using this folder?")
	}
	return e, nil
}

// look reads the file's properties. It is false unless a plain file of the right size and mode is there.
func look(target string, f manifest.File) (entry, bool) {
	info, err := os.Lstat(target)
	if err != nil || !info.Mode().IsRegular() || info.Size() != f.Size || info.Mode().Perm() != f.Mode.Perm() {
		return entry{}, false
	}
	e := entry{SHA256: f.SHA256, Size: info.Size(), ModTime: info.ModTime().UnixNano()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		e.Inode = sys.Ino
	}
	return e, true
}

func contentIs(target, sum string) bool {
	file, err := os.Open(target)
	if err != nil {
		return false
	}
	defer file.Close() //nolint:errcheck // opened for reading only
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return false
	}
	return hex.EncodeToString(hash.Sum(nil)) == sum
}

// extract writes the unpacked content to the temporary name, on disk before it returns, and checks it against the manifest.
func extract(packed fs.FS, f manifest.File, temporary string) error {
	source, err := packed.Open(f.Packed)
	if err != nil {
		return fmt.Errorf("%w; run `make build` to the end", err)
	}
	defer source.Close() //nolint:errcheck // opened for reading only
	decoder, err := zstd.NewReader(source, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		return err
	}
	defer decoder.Close()

	// While a program is open for writing, a child that this process forks holds the same descriptor until its exec, and starting
	// the program in that moment fails with "text file busy". So no fork happens in between.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.Mode.Perm())
	if err != nil {
		return err
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, hash), decoder)
	if err == nil {
		err = out.Chmod(f.Mode.Perm()) // the umask may have taken bits off
	}
	if err == nil {
		err = out.Sync()
	}
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if hex.EncodeToString(hash.Sum(nil)) != f.SHA256 {
		return errors.New("the packed file is damaged; run `make build` again")
	}
	return nil
}

// readRecord returns what the last unpack wrote down. An unreadable record only costs time: every file is then read.
func readRecord(dir string) record {
	data, err := os.ReadFile(filepath.Join(dir, recordName))
	if err != nil {
		return record{}
	}
	r := record{}
	if err := json.Unmarshal(data, &r); err != nil {
		return record{}
	}
	return r
}

func writeRecord(dir string, before, after record) error {
	was, err := json.MarshalIndent(before, "", "  ")
	if err != nil {
		return fmt.Errorf("recording what was unpacked: %w", err)
	}
	is, err := json.MarshalIndent(after, "", "  ")
	if err != nil {
		return fmt.Errorf("recording what was unpacked: %w", err)
	}
	if bytes.Equal(was, is) {
		return nil
	}
	temporary := filepath.Join(dir, "."+recordName+".new")
	if err := os.WriteFile(temporary, append(is, '\n'), 0o644); err != nil {
		return fmt.Errorf("recording what was unpacked: %w", err)
	}
	if err := os.Rename(temporary, filepath.Join(dir, recordName)); err != nil {
		return fmt.Errorf("recording what was unpacked: %w", err)
	}
	return nil
}
